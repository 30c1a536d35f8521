namespace KvScheduling;

/// <summary>The KV budget of a scheduler: what the options ask for, within what the engine has, in whole blocks.</summary>
internal static class KvBudget
{
    /// <exception cref="InvalidOperationException">The option does not fit the engine.</exception>
    public static long Resolve(KvSchedulingOptions options, EngineDescription engine)
    {
        long budget = options.KvBudgetTokens ?? engine.KvCapacityTokens;
        if (budget > engine.KvCapacityTokens)
        {
            throw new InvalidOperationException(
                $"{nameof(KvSchedulingOptions.KvBudgetTokens)} is {budget}, but the engine '{engine.EngineName}' has room for {engine.KvCapacityTokens} tokens. Lower the budget, or give the engine more.");
        }

        if (budget < engine.BlockTokens)
        {
            throw new InvalidOperationException(
                $"{nameof(KvSchedulingOptions.KvBudgetTokens)} is {budget}, less than one block of the engine '{engine.EngineName}' ({engine.BlockTokens} tokens).");
        }

        return budget / engine.BlockTokens * engine.BlockTokens;
    }
}
