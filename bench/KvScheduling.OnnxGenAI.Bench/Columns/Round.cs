namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>What one round of requests took.</summary>
/// <param name="Seconds">From the first submission to the end of the last request.</param>
/// <param name="Tokens">All tokens generated.</param>
/// <param name="Latencies">Seconds from the submission of each request to its end.</param>
/// <param name="FirstTokens">Seconds from the submission of each request to its first token.</param>
/// <param name="Fingerprint">The same for the same tokens.</param>
/// <param name="PeakMemory">The most resident memory of the process in the round, in bytes.</param>
internal sealed record Round(double Seconds, int Tokens, double[] Latencies, double[] FirstTokens, long Fingerprint, long PeakMemory);
