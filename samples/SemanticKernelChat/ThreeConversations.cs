using System.Diagnostics;
using System.Globalization;
using KvScheduling.ManagedEngine;
using KvScheduling.SemanticKernel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.Samples.SemanticKernelChat;

/// <summary>Three people talk at once to one kernel, one scheduler and one engine; the model calls functions for them.</summary>
internal static class ThreeConversations
{
    private static readonly (string Person, string[] Questions)[] Conversations =
    [
        ("Ann", ["What is the weather in Paris?", "What is the capital of Greece?"]),
        ("Ben", ["Calculate 565 + 8.", "What is the weather like in Oslo today?"]),
        ("Cho", ["Hi", "Add 1234 and 77."]),
    ];

    /// <summary>Holds the conversations.</summary>
    /// <returns>Each person's answers, in order.</returns>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> RunAsync(string modelFolder, TextWriter output)
    {
        TextWriter lines = TextWriter.Synchronized(output);
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.Services.AddKvScheduling().AddManagedEngine(modelFolder);
        builder.AddKvSchedulingChatCompletion();
        builder.Plugins.AddFromFunctions("tools", Tools.All);
        builder.Services.AddSingleton<IAutoFunctionInvocationFilter>(new CallPrinter(lines));
        Kernel kernel = builder.Build();
        await using var services = (ServiceProvider)kernel.Services;

        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<string>[] answers = await Task.WhenAll(
            Conversations.Select(conversation => TalkAsync(kernel, conversation.Person, conversation.Questions, lines)));
        await lines.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"\n{Conversations.Length} conversations at once in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s."));
        return Conversations.Zip(answers).ToDictionary(static pair => pair.First.Person, static pair => pair.Second);
    }

    private static async Task<IReadOnlyList<string>> TalkAsync(Kernel kernel, string person, string[] questions, TextWriter output)
    {
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        var settings = new KvSchedulingPromptExecutionSettings
        {
            Tenant = person,
            ShortFunctionNames = true,
            FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(),
        };
        ChatHistory history = [];
        List<string> answers = [];
        foreach (string question in questions)
        {
            history.AddUserMessage(question);
            ChatMessageContent answer = await chat.GetChatMessageContentAsync(history, settings, kernel);
            history.Add(answer);
            answers.Add(answer.Content ?? string.Empty);
            SchedulingReport? report = answer.GetSchedulingReport();
            string times = string.Create(
                CultureInfo.InvariantCulture,
                $"waited {report?.QueueTime.TotalMilliseconds:F0} ms, first token after {report?.TimeToFirstToken?.TotalMilliseconds:F0} ms");
            await output.WriteLineAsync($"{person}: {question}\n  -> {answer.Content}   ({times})");
        }

        return answers;
    }
}
