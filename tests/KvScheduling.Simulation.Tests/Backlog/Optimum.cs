namespace KvScheduling.Simulation.Tests;

/// <summary>The least total latency by trying all start rounds: slow, and written without a line of the product.</summary>
internal static class Optimum
{
    public static long ByTryingAllStarts(IReadOnlyList<WorkloadRequest> requests, int kvTokens)
    {
        int rounds = requests.Sum(static request => request.OutputTokens);
        long best = long.MaxValue;
        Place(0, 0, new int[rounds + 1]);
        return best;

        void Place(int index, long total, int[] held)
        {
            long rest = 0;
            for (int i = index; i < requests.Count; i++)
            {
                rest += requests[i].OutputTokens;
            }

            if (total + rest >= best)
            {
                return;
            }

            if (index == requests.Count)
            {
                best = total;
                return;
            }

            (int prompt, int output) = (requests[index].PromptTokens, requests[index].OutputTokens);
            for (int start = 0; start + output <= rounds; start++)
            {
                int age = 1;
                while (age <= output && held[start + age] + prompt + age <= kvTokens)
                {
                    age++;
                }

                if (age <= output)
                {
                    continue;
                }

                int[] next = [.. held];
                for (age = 1; age <= output; age++)
                {
                    next[start + age] += prompt + age;
                }

                Place(index + 1, total + start + output, next);
            }
        }
    }
}
