using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI.FaultHost;

/// <summary>A process of its own for what could end one. Prints what happened; exits with 0 when all went well, with 3 when the binding refused with its own exception.</summary>
internal static partial class Program
{
    private const int Refused = 3;
    private const int Unexpected = 4;

    private static int Main(string[] arguments)
    {
        string scenario = arguments[0];
        string native = arguments[1];
        string model = arguments[2];
        try
        {
            switch (scenario)
            {
                case "load":
                    Answer(native, model);
                    break;
                case "foreign":
                    NativeLibrary.Load(arguments[3]);
                    Answer(native, model);
                    break;
                case "telemetry":
                    Answer(native, model);
                    Console.WriteLine("native switch: " + Marshal.PtrToStringUTF8(GetEnv("ORT_DISABLE_TELEMETRY")));
                    break;
                case "exit":
                    StepForEver(native, model);
                    Thread.Sleep(int.Parse(arguments[3], System.Globalization.CultureInfo.InvariantCulture));
                    break;
                case "dispose":
                    DisposeDuringSteps(native, model);
                    break;
                case "order":
                    DisposeInEveryOrder(native, model);
                    break;
                case "abandon":
                    AbandonUnderCollections(native, model);
                    break;
                case "again":
                    Answer(native, model);
                    Answer(native, model);
                    break;
                case "soak":
                    MemorySoak.RunAsync(native, model, int.Parse(arguments[3], System.Globalization.CultureInfo.InvariantCulture)).GetAwaiter().GetResult();
                    break;
                case "two-folders":
                    Answer(native, model);
                    OnnxGenAIModel.Load(model, new OnnxGenAIEngineOptions { NativeFolder = arguments[3] });
                    break;
                default:
                    throw new ArgumentException($"There is no scenario '{scenario}'.");
            }

            Console.WriteLine("done");
            return 0;
        }
        catch (OnnxGenAIException error)
        {
            Console.WriteLine("refused: " + error.Message);
            return Refused;
        }
        catch (Exception error)
        {
            Console.WriteLine("unexpected: " + error);
            return Unexpected;
        }
    }

    private static OnnxGenAIModel Load(string native, string model) => OnnxGenAIModel.Load(model, new OnnxGenAIEngineOptions { NativeFolder = native });

    private static void Answer(string native, string folder)
    {
        using OnnxGenAIModel model = Load(native, folder);
        using IInferenceEngine engine = model.CreateEngine();
        int[] prompt = model.TextCodec!.Encode("<|im_start|>user\nWhat is 15 + 62?<|im_end|>\n<|im_start|>assistant\n");
        Start(engine, 0, prompt, 40);
        ITokenDecoder decoder = model.TextCodec.CreateDecoder();
        StepEvent[] events = new StepEvent[1];
        Console.Write("answer: ");
        for (int left = prompt.Length; ; left = Math.Max(1, left - events[0].Computed))
        {
            engine.RunStep([new StepItem(0, left)], events);
            if (engine.Description.EndTokens.Contains(events[0].Token))
            {
                Console.WriteLine();
                return;
            }

            if (events[0].Token != StepEvent.NoToken)
            {
                Console.Write(decoder.Append(events[0].Token).ToString());
            }
        }
    }

    private static void Start(IInferenceEngine engine, int slot, int[] prompt, int output) =>
        engine.Start(new SequenceStart { Slot = slot, Prompt = prompt, MaxTotalTokens = prompt.Length + output, Sampling = SamplingSettings.Greedy });

    private static void StepForEver(string native, string folder)
    {
        Thread thread = new(() =>
        {
            try
            {
                using OnnxGenAIModel model = Load(native, folder);
                using IInferenceEngine engine = model.CreateEngine();
                Run(engine, sequences: 8, until: static () => false);
            }
            catch (Exception error)
            {
                Console.WriteLine("bogus failure: " + error);
            }
        })
        { IsBackground = true };
        thread.Start();
    }

    private static void Run(IInferenceEngine engine, int sequences, Func<bool> until)
    {
        int[] prompt = [.. Enumerable.Range(20, 64)];
        StepItem[] plan = new StepItem[sequences];
        StepEvent[] events = new StepEvent[sequences];
        while (!until())
        {
            for (int slot = 0; slot < sequences; slot++)
            {
                Start(engine, slot, prompt, 100);
                plan[slot] = new StepItem(slot, prompt.Length);
            }

            for (int step = 0; step < 60 && !until(); step++)
            {
                engine.RunStep(plan, events);
            }

            for (int slot = 0; slot < sequences; slot++)
            {
                engine.Remove(slot);
            }
        }
    }

    private static void DisposeDuringSteps(string native, string folder)
    {
        using OnnxGenAIModel model = Load(native, folder);
        for (int round = 0; round < 20; round++)
        {
            IInferenceEngine? engine = null;
            using ManualResetEventSlim isStepping = new();
            Thread thread = new(() =>
            {
                engine = model.CreateEngine();
                try
                {
                    int checks = 0;
                    Run(engine, 8, () =>
                    {
                        if (++checks == 3)
                        {
                            isStepping.Set();
                        }

                        return false;
                    });
                }
                catch (ObjectDisposedException)
                {
                    Console.WriteLine("the step found the engine disposed");
                }
            });
            thread.Start();
            isStepping.Wait();
            engine!.Dispose();
            thread.Join();
        }
    }

    private static void DisposeInEveryOrder(string native, string folder)
    {
        foreach (bool isModelFirst in (bool[])[true, false])
        {
            OnnxGenAIModel model = Load(native, folder);
            IInferenceEngine engine = model.CreateEngine();
            ITextCodec codec = model.TextCodec!;
            Start(engine, 0, [20, 21, 22], 30);
            engine.RunStep([new StepItem(0, 3)], new StepEvent[1]);
            if (isModelFirst)
            {
                model.Dispose();
                engine.RunStep([new StepItem(0, 1)], new StepEvent[1]);
                engine.Dispose();
            }
            else
            {
                engine.Dispose();
                model.Dispose();
            }

            engine.Dispose();
            model.Dispose();
            Console.WriteLine("codec still works: " + codec.Encode("abc").Length);
            try
            {
                engine.RunStep([new StepItem(0, 1)], new StepEvent[1]);
            }
            catch (ObjectDisposedException)
            {
                Console.WriteLine("used after disposal");
            }
        }
    }

    private static void AbandonUnderCollections(string native, string folder)
    {
        using OnnxGenAIModel model = Load(native, folder);
        for (int round = 0; round < 30; round++)
        {
            Abandon(model);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Answer(native, folder);
    }

    private static void Abandon(OnnxGenAIModel model)
    {
        IInferenceEngine engine = model.CreateEngine();
        Start(engine, 0, [20, 21, 22], 30);
        Start(engine, 1, [30, 31], 30);
        engine.RunStep([new StepItem(0, 3), new StepItem(1, 2)], new StepEvent[2]);
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnv(string name);
}
