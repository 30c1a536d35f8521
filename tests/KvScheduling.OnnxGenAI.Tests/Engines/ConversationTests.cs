using KvScheduling.Conformance;
using Microsoft.Extensions.AI;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>A conversation stays in the KV cache until its next turn comes or the room is needed, and is nobody else's.</summary>
public sealed class ConversationTests
{
    private static readonly GoldenCase First = GoldenCases.TinyChat.First(static golden => golden.Prompt.Length is > 60 and < 200 && golden.Output.Length is > 8 and < 40);

    [NativeFact]
    public async Task Submit_FollowUp_ContinuesOnTheConversationsKv()
    {
        await using KvSchedulerHost host = await StartAsync();
        GenerationResult first = await SubmitAsync(host, First.Prompt, "a");
        int[] prompt = FollowUp(First, 60);
        GenerationResult alone = await SubmitAsync(host, prompt, "b", PrefixScope.None);

        GenerationResult second = await SubmitAsync(host, prompt, "a");

        Assert.Equal(0, first.Report.CachedTokens);
        Assert.InRange(second.Report.CachedTokens, First.Prompt.Length + First.Output.Length - 1, First.Prompt.Length + First.Output.Length);
        Assert.Equal(alone.OutputTokens.ToArray(), second.OutputTokens.ToArray());
        Assert.Equal(second.Report.CachedTokens, (await Patient.SettledAsync(host.Scheduler, ended: 3)).CachedTokens);
    }

    [NativeFact]
    public async Task Submit_FollowUpOfAnotherTenant_SharesNothing()
    {
        await using KvSchedulerHost host = await StartAsync();
        await SubmitAsync(host, First.Prompt, "a");

        GenerationResult other = await SubmitAsync(host, FollowUp(First, 60), "b");
        GenerationResult nobody = await SubmitAsync(host, FollowUp(First, 61), null);
        GenerationResult own = await SubmitAsync(host, FollowUp(First, 62), "a");

        Assert.Equal((0, 0), (other.Report.CachedTokens, nobody.Report.CachedTokens));
        Assert.True(own.Report.CachedTokens > 0);
    }

    [NativeFact]
    public async Task Submit_ConversationsParkedUnderPressure_GiveWay()
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options => options.KvTokens = 40 * 16);
        CountingEngine? engine = null;
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => engine = new CountingEngine(model.CreateEngine()), Patient.Options());
        GoldenCase[] cases = [.. GoldenCases.Short(32)];
        foreach (GoldenCase golden in cases)
        {
            Assert.Equal(golden.Output, (await SubmitAsync(host, golden.Prompt, golden.Id)).OutputTokens.ToArray());
        }

        SchedulerSnapshot parked = await Patient.SettledAsync(host.Scheduler, cases.Length);
        Assert.InRange(parked.KvParkedTokens, 1, 40 * 16);
        Generation[] burst = [.. cases.Select(golden => host.Scheduler.Submit(Request(golden.Prompt, "burst", PrefixScope.None)))];
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal(cases[i].Output, (await burst[i].CompleteAsync()).OutputTokens.ToArray());
        }

        Assert.Equal(0, engine!.OutOfCapacity);
        Assert.InRange(engine.PeakBlocks, 1, 40);
        SchedulerSnapshot after = await Patient.SettledAsync(host.Scheduler, 2 * cases.Length);
        Assert.True(after.KvParkedTokens < parked.KvParkedTokens, "The parked conversations were to give way.");
    }

    [NativeFact]
    public async Task Chat_SecondTurn_ReportsCachedTokens()
    {
        await using KvSchedulerHost host = await StartAsync();
        List<ChatMessage> history = [new(ChatRole.User, "What is the capital of Greece?")];
        ChatResponse first = await host.ChatClient.GetResponseAsync(history);
        history.AddMessages(first);
        history.Add(new ChatMessage(ChatRole.User, "What is 15 + 62?"));

        ChatResponse second = await host.ChatClient.GetResponseAsync(history);

        Assert.Equal(("The capital of Greece is Athens.", "15 + 62 = 77."), (first.Text, second.Text));
        SchedulingReport report = second.GetSchedulingReport()!;
        Assert.InRange(report.CachedTokens, (int)first.Usage!.InputTokenCount!, report.PromptTokens - 1);
        Assert.Equal(report.CachedTokens, second.Usage!.CachedInputTokenCount);
    }

    private static Task<KvSchedulerHost> StartAsync() => KvSchedulerHost.StartAsync(TestModels.Paged.CreateEngine, Patient.Options());

    private static int[] FollowUp(GoldenCase golden, int last) => [.. golden.Prompt, .. golden.Output, 3, 30, 40, 50, last];

    private static GenerationRequest Request(int[] prompt, string? tenant, PrefixScope? scope = null) =>
        new() { PromptTokens = prompt, MaxOutputTokens = 100, Hints = new SchedulingHints { Tenant = tenant, PrefixScope = scope } };

    private static Task<GenerationResult> SubmitAsync(KvSchedulerHost host, int[] prompt, string? tenant, PrefixScope? scope = null) =>
        host.Scheduler.Submit(Request(prompt, tenant, scope)).CompleteAsync();
}
