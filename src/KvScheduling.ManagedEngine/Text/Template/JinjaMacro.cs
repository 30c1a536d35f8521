namespace KvScheduling.ManagedEngine;

/// <summary>The parameters and body of a macro.</summary>
/// <param name="Parameters">Names and defaults, in order.</param>
/// <param name="Body">What it renders.</param>
internal sealed record JinjaMacroShape(List<(string Name, JinjaExpression? Default)> Parameters, JinjaBody Body);

/// <summary>A macro as a value: it renders its body where it was defined, and gives the text.</summary>
internal sealed class JinjaMacro(string name, JinjaMacroShape shape, JinjaScope definedIn) : JinjaCallable
{
    public override object? Call(JinjaContext context, JinjaArguments arguments)
    {
        if (arguments.Positional.Length > shape.Parameters.Count)
        {
            throw new JinjaException($"macro '{name}' takes {shape.Parameters.Count} arguments and is given {arguments.Positional.Length}.");
        }

        var scope = new JinjaScope(definedIn);
        foreach ((string argument, object? value) in arguments.Named)
        {
            int index = shape.Parameters.FindIndex(parameter => parameter.Name == argument);
            if ((index < 0 && argument != "caller") || (index >= 0 && index < arguments.Positional.Length))
            {
                throw new JinjaException($"macro '{name}' takes no argument '{argument}' here.");
            }

            scope.Set(argument, value);
        }

        return context.Enter(scope, () =>
        {
            for (int i = 0; i < shape.Parameters.Count; i++)
            {
                (string parameter, JinjaExpression? defaultValue) = shape.Parameters[i];
                if (i < arguments.Positional.Length)
                {
                    scope.Set(parameter, arguments.Positional[i]);
                }
                else if (!arguments.Named.Any(argument => argument.Key == parameter))
                {
                    scope.Set(parameter, defaultValue is null ? new JinjaUndefined(parameter) : defaultValue.Evaluate(context));
                }
            }

            return context.Capture(() => shape.Body.Execute(context));
        });
    }
}
