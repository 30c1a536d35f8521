using System.Collections;

namespace Microsoft.SemanticKernel;

public sealed class KernelPluginCollection : ICollection<KernelPlugin>
{
    private readonly List<KernelPlugin> _plugins = [];

    public KernelPluginCollection()
    {
    }

    public KernelPluginCollection(IEnumerable<KernelPlugin> plugins) => _plugins.AddRange(plugins);

    public int Count => _plugins.Count;

    bool ICollection<KernelPlugin>.IsReadOnly => false;

    public KernelPlugin this[string name] => _plugins.First(plugin => string.Equals(plugin.Name, name, StringComparison.OrdinalIgnoreCase));

    public void Add(KernelPlugin plugin) => _plugins.Add(plugin);

    public bool Remove(KernelPlugin plugin) => _plugins.Remove(plugin);

    public void Clear() => _plugins.Clear();

    public bool Contains(KernelPlugin plugin) => _plugins.Contains(plugin);

    void ICollection<KernelPlugin>.CopyTo(KernelPlugin[] array, int arrayIndex) => _plugins.CopyTo(array, arrayIndex);

    public IEnumerator<KernelPlugin> GetEnumerator() => _plugins.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
