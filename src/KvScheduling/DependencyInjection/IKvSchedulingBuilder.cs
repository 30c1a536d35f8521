using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling;

/// <summary>Adds engines and policies to a scheduler that AddKvScheduling registered.</summary>
public interface IKvSchedulingBuilder
{
    /// <summary>The scheduler's name; empty for the default one.</summary>
    string Name { get; }

    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}
