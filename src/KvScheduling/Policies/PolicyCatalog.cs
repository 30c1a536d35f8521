namespace KvScheduling;
internal static class PolicyCatalog { public static Func<PolicyContext, ISchedulingPolicy> Get(string name) => throw new NotImplementedException(name); }
