using KvScheduling.Conformance;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>The scheduler counts blocks as the native engine does: it never runs into the native capacity signal, which repeats for ever and names nobody.</summary>
public sealed class ScheduledPoolTests
{
    private const int Blocks = 10;

    [NativeTheory]
    [InlineData(KvReservation.Predicted)]
    [InlineData(KvReservation.Guaranteed)]
    public async Task Submit_MoreThanThePoolHolds_NeverMeetsTheCapacitySignal(KvReservation reservation)
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options => options.KvTokens = Blocks * 16);
        CountingEngine? engine = null;
        StepGate gate = new();
        KvSchedulingOptions settings = Patient.Options();
        settings.Reservation = reservation;
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => new GatedEngine(engine = new CountingEngine(model.CreateEngine()), gate), settings);

        // All expect one token, so that with predicted reservations more run than have room to the end.
        GoldenCase[] cases = [.. GoldenCases.Short(24).Where(static golden => golden.Prompt.Length + golden.Output.Length < 120)];
        Generation[] generations = [.. cases.Select(golden => host.Scheduler.Submit(new GenerationRequest
        {
            PromptTokens = golden.Prompt,
            MaxOutputTokens = golden.Output.Length + 1,
            Hints = new SchedulingHints { ExpectedOutputTokens = 1 },
        }))];
        gate.Open();
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal(cases[i].Output, (await generations[i].CompleteAsync()).OutputTokens.ToArray());
        }

        Assert.True(cases.Length > 8);
        Assert.Equal(0, engine!.OutOfCapacity);
        Assert.InRange(engine.PeakBlocks, Blocks / 2, Blocks);
        Assert.Equal(reservation == KvReservation.Predicted, (await Patient.SettledAsync(host.Scheduler, cases.Length)).Evictions > 0);
    }
}
