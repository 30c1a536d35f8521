namespace KvScheduling.ManagedEngine;

/// <summary>The template itself refused the conversation, by <c>raise_exception</c>.</summary>
internal sealed class JinjaRefusalException(string message) : Exception(message);
