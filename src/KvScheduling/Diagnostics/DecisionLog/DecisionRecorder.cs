using System.Buffers;
using System.Text.Json;

namespace KvScheduling;

/// <summary>Writes a scheduler's decision log: one record per call of its core, with what the call was told and what was decided.</summary>
/// <remarks>Called by whoever calls the core, never by two threads at once. It reads the scheduler's state and never changes it.</remarks>
internal sealed class DecisionRecorder : ISchedulerObserver, IDisposable
{
    private static readonly JsonEncodedText[] Reasons = [.. Enum.GetNames<DecisionReason>().Select(static name => JsonEncodedText.Encode(name))];

    private readonly IDecisionLogSink _sink;
    private readonly DecisionLogNames? _names;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;
    private readonly List<(long Request, DecisionReason Reason)> _decided = [];
    private readonly List<bool> _compared = [];
    private SchedulingRegime? _regime;
    private IDictionary<string, double>? _weights;

    /// <param name="sink">Where records go.</param>
    /// <param name="names">What stands in for names and hashes; null where they are stand-ins already.</param>
    public DecisionRecorder(IDecisionLogSink sink, DecisionLogNames? names)
    {
        _sink = sink;
        _names = names;
        _json = new Utf8JsonWriter(_buffer);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>A scheduler was made.</summary>
    public void OnOpened(KvSchedulingOptions options, EngineDescription engine)
    {
        _weights = options.Fairness == TenantFairness.None ? null : options.TenantWeights;
        _json.WriteStartObject();
        _json.WriteString(DecisionLogFormat.Log, DecisionLogFormat.LogName);
        _json.WriteNumber(DecisionLogFormat.Version, DecisionLogFormat.CurrentVersion);
        _json.WritePropertyName(DecisionLogFormat.Options);
        DecisionLogSettings.WriteOptions(_json, options);
        _json.WritePropertyName(DecisionLogFormat.Engine);
        DecisionLogSettings.WriteEngine(_json, engine);
        Send();
    }

    public void OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now) => _decided.Add((request.ArrivalIndex, reason));

    public void OnRegime(SchedulingRegime before, SchedulingRegime after, int waiting, int running, TimeSpan now) => _regime = after;

    /// <summary>A prompt was compared with what a parked sequence holds.</summary>
    public void OnCompared(bool startsWithIt) => _compared.Add(startsWithIt);

    public void OnEnqueued(SchedulableRequest request, TimeSpan now)
    {
        Begin(DecisionLogFormat.Arrive, now);
        _json.WriteNumber(DecisionLogFormat.Id, request.ArrivalIndex);
        _json.WriteNumber(DecisionLogFormat.Prompt, request.PromptTokens);
        _json.WriteNumber(DecisionLogFormat.Limit, request.MaxOutputTokens);
        if (request.HintedOutputTokens is int expected)
        {
            _json.WriteNumber(DecisionLogFormat.Expected, expected);
        }

        if (request.Priority != 0)
        {
            _json.WriteNumber(DecisionLogFormat.Priority, request.Priority);
        }

        if (request.Tenant is string tenant)
        {
            WriteTenant(tenant);
        }

        if (request.Deadline is TimeSpan deadline)
        {
            _json.WriteNumber(DecisionLogFormat.Deadline, deadline.Ticks);
        }

        if (request.Place.IsBulk)
        {
            _json.WriteBoolean(DecisionLogFormat.Bulk, true);
        }

        WriteBlocks(request.PrefixBlocks);
        End();
    }

    public void OnCancelled(SchedulableRequest request, TimeSpan now) => WriteEnd(DecisionLogFormat.Cancel, request, now);

    public void OnFinished(SchedulableRequest request, TimeSpan now) => WriteEnd(DecisionLogFormat.Finish, request, now);

    public void OnStartFailed(SchedulableRequest request, TimeSpan now) => WriteEnd(DecisionLogFormat.FailStart, request, now);

    public void OnStepFailed(TimeSpan now) => WriteEmpty(DecisionLogFormat.FailStep, now);

    public void OnEngineLost(TimeSpan now) => WriteEmpty(DecisionLogFormat.LoseEngine, now);

    public void OnAllEnded(in RequestEnd end, TimeSpan now)
    {
        Begin(DecisionLogFormat.EndAll, now);
        _json.WriteString(DecisionLogFormat.State, end.State.ToString());
        _json.WriteString(DecisionLogFormat.Rejection, end.Rejection.ToString());
        End();
    }

    /// <summary>A step was planned.</summary>
    public void OnPlanned(StepPlan plan, SchedulerState state, DecisionReason head, TimeSpan now)
    {
        Begin(DecisionLogFormat.Plan, now);
        WriteStarts(plan);
        WriteNumbers(DecisionLogFormat.Freed, plan.Removals);
        if (_compared.Count > 0)
        {
            _json.WriteStartArray(DecisionLogFormat.Compared);
            foreach (bool startsWithIt in _compared)
            {
                _json.WriteNumberValue(startsWithIt ? 1 : 0);
            }

            _json.WriteEndArray();
            _compared.Clear();
        }

        if (_regime is SchedulingRegime regime)
        {
            _json.WriteString(DecisionLogFormat.Regime, regime.ToString());
            _regime = null;
        }

        if (head != DecisionReason.None)
        {
            _json.WriteString(DecisionLogFormat.Head, Reasons[(int)head]);
        }

        WriteItems(plan, state);
        _json.WriteNumber(DecisionLogFormat.Kv, state.Ledger.UsedBlocks() * state.Ledger.BlockTokens);
        End();
    }

    /// <summary>A step ran; call it before the scheduler takes it in.</summary>
    public void OnStep(ReadOnlySpan<StepEvent> events, SlotTable slots, TimeSpan now)
    {
        Begin(DecisionLogFormat.Step, now);
        _json.WriteStartArray(DecisionLogFormat.Events);
        foreach (ref readonly StepEvent item in events)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(item.Slot);
            _json.WriteNumberValue(item.Computed);
            _json.WriteNumberValue((int)OutcomeOf(item, slots));
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
    }

    /// <summary>The scheduler took the step in.</summary>
    public void OnCompleted() => End();

    private static StepOutcome OutcomeOf(in StepEvent item, SlotTable slots) => item.Status switch
    {
        SequenceStatus.OutOfCapacity => StepOutcome.OutOfCapacity,
        SequenceStatus.Failed => StepOutcome.Failed,
        _ when item.Token == StepEvent.NoToken => StepOutcome.NoToken,
        _ => slots.Find(item.Slot)?.Request?.IsEndToken(item.Token) == true ? StepOutcome.EndToken : StepOutcome.Token,
    };

    private void WriteEnd(string call, SchedulableRequest request, TimeSpan now)
    {
        Begin(call, now);
        _json.WriteNumber(DecisionLogFormat.Id, request.ArrivalIndex);
        End();
    }

    private void WriteEmpty(string call, TimeSpan now)
    {
        Begin(call, now);
        End();
    }

    private void WriteTenant(string tenant)
    {
        _json.WriteString(DecisionLogFormat.Tenant, _names?.TenantOf(tenant) ?? tenant);
        if (_weights is not null && _weights.TryGetValue(tenant, out double weight))
        {
            _json.WriteNumber(DecisionLogFormat.Weight, weight);
        }
    }

    private void WriteBlocks(ReadOnlySpan<ulong> hashes)
    {
        if (hashes.IsEmpty)
        {
            return;
        }

        _json.WriteStartArray(DecisionLogFormat.Blocks);
        foreach (ulong hash in hashes)
        {
            _json.WriteNumberValue(_names?.BlockOf(hash) ?? hash);
        }

        _json.WriteEndArray();
    }

    private void WriteStarts(StepPlan plan)
    {
        if (plan.Starts.Count == 0)
        {
            return;
        }

        _json.WriteStartArray(DecisionLogFormat.Starts);
        foreach (PlannedStart start in plan.Starts)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(start.Request.ArrivalIndex);
            _json.WriteNumberValue(start.Request.Slot);
            _json.WriteNumberValue(start.Request.EstimatedOutputTokens);
            _json.WriteNumberValue(start.SharedTokens);
            _json.WriteNumberValue(start.SharedFromSlot);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
    }

    private void WriteItems(StepPlan plan, SchedulerState state)
    {
        if (plan.Items.IsEmpty)
        {
            return;
        }

        _json.WriteStartArray(DecisionLogFormat.Items);
        foreach (StepItem item in plan.Items)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(item.Slot);
            _json.WriteNumberValue(item.Tokens);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
        StepShape shape = plan.ShapeOn(state.Slots);
        _json.WriteStartArray(DecisionLogFormat.Shape);
        _json.WriteNumberValue(shape.PrefillTokens);
        _json.WriteNumberValue(shape.DecodeRows);
        _json.WriteNumberValue(shape.DecodeKvTokens);
        _json.WriteEndArray();
    }

    private void WriteNumbers(string name, List<int> numbers)
    {
        if (numbers.Count == 0)
        {
            return;
        }

        _json.WriteStartArray(name);
        foreach (int number in numbers)
        {
            _json.WriteNumberValue(number);
        }

        _json.WriteEndArray();
    }

    private void Begin(string call, TimeSpan now)
    {
        if (_json.BytesCommitted + _json.BytesPending > 0)
        {
            // A fault of the scheduler kept the record before from being finished.
            Reset();
        }

        _json.WriteStartObject();
        _json.WriteNumber(DecisionLogFormat.At, now.Ticks);
        _json.WriteString(DecisionLogFormat.Do, call);
    }

    /// <summary>Writes what was decided since the last record, and sends the record.</summary>
    private void End()
    {
        if (_decided.Count > 0)
        {
            _json.WriteStartArray(DecisionLogFormat.Decided);
            foreach ((long request, DecisionReason reason) in _decided)
            {
                _json.WriteStartArray();
                _json.WriteNumberValue(request);
                _json.WriteStringValue(Reasons[(int)reason]);
                _json.WriteEndArray();
            }

            _json.WriteEndArray();
            _decided.Clear();
        }

        Send();
    }

    private void Send()
    {
        _json.WriteEndObject();
        _json.Flush();
        _sink.Write(_buffer.WrittenSpan[..^1]);
        Reset();
    }

    private void Reset()
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
    }
}
