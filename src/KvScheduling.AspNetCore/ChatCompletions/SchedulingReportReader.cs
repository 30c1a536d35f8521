using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Finds the scheduling report among the properties of a response or of its last update.</summary>
internal static class SchedulingReportReader
{
    public static SchedulingReport? Find(AdditionalPropertiesDictionary? properties)
    {
        if (properties is not null)
        {
            foreach (KeyValuePair<string, object?> property in properties)
            {
                if (property.Value is SchedulingReport report)
                {
                    return report;
                }
            }
        }

        return null;
    }
}
