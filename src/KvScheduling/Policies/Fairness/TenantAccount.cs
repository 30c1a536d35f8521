namespace KvScheduling;

/// <summary>What a tenant was served so far.</summary>
internal sealed class TenantAccount(string? tenant, double weight, long order)
{
    /// <summary>What a prompt token counts.</summary>
    private const double PromptCharge = 1;

    /// <summary>What a generated token counts.</summary>
    private const double OutputCharge = 2;

    public string? Tenant { get; } = tenant;

    /// <summary>Its place in the order in which tenants came; breaks ties.</summary>
    public long Order { get; } = order;

    /// <summary>Tokens served, weighted.</summary>
    public double Served { get; set; }

    /// <summary>Requests that wait for their first start.</summary>
    public int Waiting { get; set; }

    /// <summary>Requests that run, or wait to run again.</summary>
    public int Started { get; set; }

    public bool IsIdle => Waiting == 0 && Started == 0;

    public void ChargePrompt(int tokens) => Served += PromptCharge * tokens / weight;

    public void ChargeOutput() => Served += OutputCharge / weight;
}
