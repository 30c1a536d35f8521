using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Lets the first engine die when it generates for all requests at once, and takes down when the next one is there and when its sequences have their tokens. Seconds from the fault.</summary>
internal sealed class FaultClock(int requests)
{
    private readonly int _requests = requests;
    private long _fault;

    public double Built { get; private set; }

    public double FirstToken { get; private set; }

    public double AllTokens { get; private set; }

    public IInferenceEngine Watch(PagedEngine engine)
    {
        Built = _fault == 0 ? 0 : Elapsed;
        return new Watched(this, engine);
    }

    private double Elapsed => Stopwatch.GetElapsedTime(_fault).TotalSeconds;

    private sealed class Watched(FaultClock clock, PagedEngine inner) : DelegatingInferenceEngine(inner)
    {
        private readonly PagedEngine _paged = inner;
        private readonly bool _isSecond = clock._fault != 0;
        private readonly HashSet<int> _waiting = [];
        private int _served;

        public override void Start(in SequenceStart start)
        {
            _waiting.Add(start.Slot);
            _paged.Start(start);
        }

        public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            if (!_isSecond && plan.Length == clock._requests && IsDecoding(plan))
            {
                PagedSequence poison = new(new SequenceStart { Slot = 0, Prompt = [_paged.Description.VocabularySize + 1], MaxTotalTokens = 9, Sampling = SamplingSettings.Greedy });
                poison.Begin(_paged.Native, _paged.Description.VocabularySize);
                clock._fault = Stopwatch.GetTimestamp();
                _paged.RunStep(plan, events);

                // Quantized embeddings read past their end instead.
                throw new EngineFaultException("The native engine did not notice the token id; it is given up like one that did.", isFatal: true);
            }

            int count = _paged.RunStep(plan, events);
            if (_isSecond)
            {
                Take(events[..count]);
            }

            return count;
        }

        private static bool IsDecoding(ReadOnlySpan<StepItem> plan)
        {
            foreach (StepItem item in plan)
            {
                if (item.Tokens != 1)
                {
                    return false;
                }
            }

            return true;
        }

        private void Take(ReadOnlySpan<StepEvent> events)
        {
            foreach (StepEvent happened in events)
            {
                if (happened.Token != StepEvent.NoToken && _waiting.Remove(happened.Slot))
                {
                    _served++;
                    clock.FirstToken = _served == 1 ? clock.Elapsed : clock.FirstToken;
                    clock.AllTokens = _served == clock._requests ? clock.Elapsed : clock.AllTokens;
                }
            }
        }
    }
}
