using System.Text;
using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>One replay: reads what the core was told, tells it again, and compares what it writes.</summary>
internal sealed class LogReplay
{
    private static readonly EngineFaultException Fault = new("The engine failed, as the log says.");

    private readonly LogLines _lines;
    private readonly LogHeader _header;
    private readonly ComparingSink _sink = new();
    private readonly DecisionLogSeal _seal = new();
    private readonly SchedulerCore _core;
    private readonly StepPlan _plan = new();
    private readonly Dictionary<long, ReplayedRequest> _requests = [];
    private readonly Queue<bool> _compared = new();
    private readonly List<long> _ended = [];
    private StepEvent[] _events = new StepEvent[64];
    private readonly bool _isHeaderIntact;
    private long _arrivals;

    public LogReplay(Stream log, IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>>? policies)
    {
        _lines = new LogLines(log);
        _header = LogHeader.Read(_lines);
        _isHeaderIntact = _seal.IsIntact(_lines.Current.Span);
        try
        {
            (KvSchedulingOptions options, EngineDescription engine) = (_header.Options, _header.Engine);
            KvSchedulingOptionsValidator.ThrowIfInvalid(string.Empty, options);
            Func<PolicyContext, ISchedulingPolicy> factory = PolicyCatalog.Get(options.Policy, policies);
            long budget = KvBudget.Resolve(options, engine);
            _core = new SchedulerCore(
                options, engine, () => factory(new PolicyContext(options, engine, budget)), observer: null, new DecisionRecorder(_sink, names: null));
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or OverflowException or Microsoft.Extensions.Options.OptionsValidationException)
        {
            string changed = _isHeaderIntact ? string.Empty : " Line 1 was changed after it was written.";
            throw new DecisionLogException($"The scheduler of the log can't be made again: {error.Message}{changed}", error);
        }
    }

    public ReplayResult Run(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if ((_isHeaderIntact ? Compare() : Changed) is LineDifference header)
        {
            return Result(header, null);
        }

        while (_lines.Next())
        {
            if (_lines.Number % 1024 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(_lines.Number);
            }

            if (!_seal.IsIntact(_lines.Current.Span))
            {
                return Result(Changed, null);
            }

            using JsonDocument record = JsonDocument.Parse(_lines.Current);
            string? call = record.RootElement.GetProperty(DecisionLogFormat.Do).GetString();
            if (call is DecisionLogFormat.Close or DecisionLogFormat.Lost)
            {
                return Result(null, WhyIncomplete(call, record.RootElement));
            }

            if (Repeat(call, record.RootElement) is LineDifference difference)
            {
                return Result(difference, null);
            }
        }

        return Result(null, _lines.IsCutOff
            ? $"The log ends in the middle of line {_lines.Number + 1}: what wrote it was stopped."
            : $"The log was not closed: what wrote it was stopped behind line {_lines.Number}.");
    }

    private string Logged => Encoding.UTF8.GetString(_lines.Current.Span);

    private static string? WhyIncomplete(string call, JsonElement record)
    {
        long lost = record.GetProperty(call == DecisionLogFormat.Close ? DecisionLogFormat.Lost : DecisionLogFormat.Records).GetInt64();
        return call == DecisionLogFormat.Close && lost == 0
            ? null
            : $"{lost} records are missing here, because the log's buffer, its size or the disk was full. Raise DecisionLog.BufferedRecords or DecisionLog.MaxBytes.";
    }

    /// <summary>Tells the core what the present line says, and compares.</summary>
    private LineDifference? Repeat(string? call, JsonElement record)
    {
        _sink.Clear();
        try
        {
            Tell(call, record);
        }
#pragma warning disable CA1031 // The line is as it was written: whatever it does to this scheduler is a difference.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return new LineDifference(_lines.Number, Logged, null, $"The scheduler fails here: {error.Message}");
        }

        return Compare();
    }

    /// <summary>Whether the replay wrote the present line, and nothing else.</summary>
    private LineDifference? Compare() => _sink.Records == 1 && _sink.Line.SequenceEqual(_lines.Current.Span)
        ? null
        : new LineDifference(_lines.Number, Logged, _sink.Records > 0 ? Encoding.UTF8.GetString(_sink.Line) : null, "The scheduler decides differently.");

    private LineDifference Changed => new(_lines.Number, Logged, null, "The line was changed after it was written.");

    private ReplayResult Result(LineDifference? difference, string? incomplete) => new()
    {
        Policy = _header.Options.Policy,
        EqualLines = difference is null ? _lines.Number : difference.Line - 1,
        Difference = difference,
        Incomplete = incomplete,
    };

    private void Tell(string? call, JsonElement record)
    {
        TimeSpan now = TimeSpan.FromTicks(record.GetProperty(DecisionLogFormat.At).GetInt64());
        switch (call)
        {
            case DecisionLogFormat.Plan:
                Plan(record, now);
                break;
            case DecisionLogFormat.Step:
                _core.Complete(Events(record.GetProperty(DecisionLogFormat.Events)), now);
                break;
            case DecisionLogFormat.Arrive:
                Enqueue(record, now);
                break;
            case DecisionLogFormat.Cancel:
                _core.Cancel(RequestOf(record), now);
                break;
            case DecisionLogFormat.Finish:
                _core.Finish(RequestOf(record), now);
                break;
            case DecisionLogFormat.FailStart:
                _core.FailStart(RequestOf(record), Fault, now);
                break;
            case DecisionLogFormat.FailStep:
                _core.FailStep(Fault, now);
                break;
            case DecisionLogFormat.LoseEngine:
                _core.LoseEngine(now);
                break;
            case DecisionLogFormat.EndAll:
                EndAll(record, now);
                break;
            default:
                throw new InvalidOperationException($"'{call}' is nothing that a scheduler can be told.");
        }

        Forget();
    }

    private void Plan(JsonElement record, TimeSpan now)
    {
        _compared.Clear();
        if (record.TryGetProperty(DecisionLogFormat.Compared, out JsonElement compared))
        {
            foreach (JsonElement answer in compared.EnumerateArray())
            {
                _compared.Enqueue(answer.GetInt32() != 0);
            }
        }

        _core.Plan(_plan, now);
    }

    private void Enqueue(JsonElement record, TimeSpan now)
    {
        string? tenant = record.TryGetProperty(DecisionLogFormat.Tenant, out JsonElement name) ? name.GetString() : null;
        if (tenant is not null && record.TryGetProperty(DecisionLogFormat.Weight, out JsonElement weight))
        {
            // The accounts look the weight up when the tenant comes.
            _header.Options.TenantWeights[tenant] = weight.GetDouble();
        }

        var hints = new SchedulingHints
        {
            Priority = Int(record, DecisionLogFormat.Priority) ?? 0,
            Tenant = tenant,
            ExpectedOutputTokens = Int(record, DecisionLogFormat.Expected),
            Deadline = record.TryGetProperty(DecisionLogFormat.Deadline, out JsonElement deadline) ? TimeSpan.FromTicks(deadline.GetInt64()) : null,
        };
        ulong[] blocks = record.TryGetProperty(DecisionLogFormat.Blocks, out JsonElement hashes) ? [.. hashes.EnumerateArray().Select(static hash => hash.GetUInt64())] : [];
        var request = new ReplayedRequest(
            record.GetProperty(DecisionLogFormat.Prompt).GetInt32(), record.GetProperty(DecisionLogFormat.Limit).GetInt32(), hints, blocks, _compared);
        request.Place.IsBulk = record.TryGetProperty(DecisionLogFormat.Bulk, out JsonElement bulk) && bulk.GetBoolean();
        _requests[_arrivals++] = request;
        _core.Enqueue(request, now);
    }

    private void EndAll(JsonElement record, TimeSpan now)
    {
        var end = new RequestEnd
        {
            State = Enum.Parse<RequestState>(record.GetProperty(DecisionLogFormat.State).GetString()!),
            Rejection = Enum.Parse<SchedulingRejection>(record.GetProperty(DecisionLogFormat.Rejection).GetString()!),
        };
        _core.EndAll(end, now);
    }

    private ReadOnlySpan<StepEvent> Events(JsonElement events)
    {
        int count = events.GetArrayLength();
        if (_events.Length < count)
        {
            _events = new StepEvent[2 * count];
        }

        for (int i = 0; i < count; i++)
        {
            JsonElement item = events[i];
            var outcome = (StepOutcome)item[2].GetInt32();
            int token = outcome switch
            {
                StepOutcome.Token => ReplayedRequest.Token,
                StepOutcome.EndToken => ReplayedRequest.EndToken,
                _ => StepEvent.NoToken,
            };
            SequenceStatus status = outcome switch
            {
                StepOutcome.OutOfCapacity => SequenceStatus.OutOfCapacity,
                StepOutcome.Failed => SequenceStatus.Failed,
                _ => SequenceStatus.Ok,
            };
            _events[i] = new StepEvent(item[0].GetInt32(), item[1].GetInt32(), token, status);
        }

        return _events.AsSpan(0, count);
    }

    private ReplayedRequest RequestOf(JsonElement record)
    {
        long id = record.GetProperty(DecisionLogFormat.Id).GetInt64();
        return _requests.TryGetValue(id, out ReplayedRequest? request) ? request : throw new InvalidOperationException($"Request {id} is not there.");
    }

    /// <summary>Ended requests are not needed any more; looked for now and then, so that memory follows what is alive.</summary>
    private void Forget()
    {
        if (_requests.Count < 2 * (_core.WaitingCount + _core.RunningCount) + 1024)
        {
            return;
        }

        _ended.AddRange(_requests.Where(static entry => entry.Value.HasEnded).Select(static entry => entry.Key));
        foreach (long id in _ended)
        {
            _requests.Remove(id);
        }

        _ended.Clear();
    }

    private static int? Int(JsonElement record, string name) => record.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : null;
}
