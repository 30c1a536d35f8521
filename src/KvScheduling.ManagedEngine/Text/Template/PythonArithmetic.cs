namespace KvScheduling.ManagedEngine;

/// <summary>Python's arithmetic on the values of templates. Whole numbers have 64 bits.</summary>
internal static class PythonArithmetic
{
    public static object? Add(JinjaContext context, object? left, object? right) => (left, right) switch
    {
        (string first, string second) => context.Limit(first, second),
        (JinjaList first, JinjaList second) when first.IsTuple == second.IsTuple => Concatenate(context, first, second),
        _ => Numbers("+", left, right, static (a, b) => checked(a + b), static (a, b) => a + b),
    };

    public static object? Subtract(JinjaContext context, object? left, object? right) =>
        Numbers("-", left, right, static (a, b) => checked(a - b), static (a, b) => a - b);

    public static object? Multiply(JinjaContext context, object? left, object? right)
    {
        if (left is string or JinjaList && right is long or bool)
        {
            return Repeat(context, left, PythonValue.ToLong(right));
        }

        if (right is string or JinjaList && left is long or bool)
        {
            return Repeat(context, right, PythonValue.ToLong(left));
        }

        return Numbers("*", left, right, static (a, b) => checked(a * b), static (a, b) => a * b);
    }

    public static object? Divide(JinjaContext context, object? left, object? right) =>
        Numbers("/", left, right, static (a, b) => throw new InvalidOperationException(),
            static (a, b) => b == 0 ? throw DivisionByZero() : a / b, alwaysFloat: true);

    public static object? FloorDivide(JinjaContext context, object? left, object? right) =>
        Numbers("//", left, right, FloorDivide, static (a, b) => b == 0 ? throw DivisionByZero() : Math.Floor(a / b));

    public static object? Modulo(JinjaContext context, object? left, object? right) => left is string
        ? throw context.Unsupported("formatting with '%'")
        : Numbers("%", left, right, static (a, b) => checked(a - (FloorDivide(a, b) * b)),
            static (a, b) => b == 0 ? throw DivisionByZero() : a - (Math.Floor(a / b) * b));

    public static object? Power(JinjaContext context, object? left, object? right)
    {
        if (left is not double && right is not double
            && PythonValue.IsNumber(left) && PythonValue.IsNumber(right) && PythonValue.ToLong(right) is >= 0 and var exponent)
        {
            long result = 1;
            long factor = PythonValue.ToLong(left);
            while (exponent > 0)
            {
                if ((exponent & 1) != 0)
                {
                    result = Checked(() => checked(result * factor));
                }

                exponent >>= 1;
                if (exponent > 0)
                {
                    factor = Checked(() => checked(factor * factor));
                }
            }

            return result;
        }

        return Numbers("**", left, right, static (a, b) => throw new InvalidOperationException(), Math.Pow, alwaysFloat: true);
    }

    public static object? Negate(object? value) => value switch
    {
        double number => -number,
        _ when PythonValue.IsNumber(value) => (object)Checked(() => checked(-PythonValue.ToLong(value))),
        _ => throw new JinjaException($"{PythonValue.TypeName(value)} has no negative."),
    };

    public static object? Plus(object? value) => value switch
    {
        double => value,
        _ when PythonValue.IsNumber(value) => PythonValue.ToLong(value),
        _ => throw new JinjaException($"{PythonValue.TypeName(value)} is not a number."),
    };

    public static bool IsMultiple(object? value, object? other) =>
        PythonValue.ToLong(other) is not 0 and var divisor ? PythonValue.ToLong(value) % divisor == 0 : throw DivisionByZero();

    private static JinjaException DivisionByZero() => new("division by zero.");

    private static long FloorDivide(long left, long right)
    {
        if (right == 0)
        {
            throw DivisionByZero();
        }

        long quotient = checked(left / right);
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static object Numbers(
        string sign, object? left, object? right, Func<long, long, long> whole, Func<double, double, double> floating, bool alwaysFloat = false)
    {
        if (left is JinjaUndefined undefined || (undefined = (right as JinjaUndefined)!) is not null)
        {
            throw new JinjaException($"'{undefined.Name}' is undefined.");
        }

        if (!PythonValue.IsNumber(left) || !PythonValue.IsNumber(right))
        {
            throw new JinjaException($"'{sign}' is not possible between {PythonValue.TypeName(left)} and {PythonValue.TypeName(right)}.");
        }

        if (alwaysFloat || left is double || right is double)
        {
            return floating(PythonValue.ToDouble(left), PythonValue.ToDouble(right));
        }

        return Checked(() => whole(PythonValue.ToLong(left), PythonValue.ToLong(right)));
    }

    private static long Checked(Func<long> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw new JinjaException("a whole number needs more than 64 bits.");
        }
    }

    private static JinjaList Concatenate(JinjaContext context, JinjaList first, JinjaList second)
    {
        JinjaContext.CheckItems((long)first.Items.Count + second.Items.Count);
        context.CountMade(first.Items.Count + second.Items.Count);
        return new JinjaList([.. first.Items, .. second.Items], first.IsTuple);
    }

    private static object Repeat(JinjaContext context, object? value, long count)
    {
        int times = (int)Math.Clamp(count, 0, int.MaxValue);
        if (value is string text)
        {
            JinjaContext.CheckLength((long)text.Length * times);
            return new System.Text.StringBuilder(text.Length * times).Insert(0, text, times).ToString();
        }

        var list = (JinjaList)value!;
        JinjaContext.CheckItems((long)list.Items.Count * times);
        return new JinjaList([.. Enumerable.Repeat(list.Items, times).SelectMany(items => items)], list.IsTuple);
    }
}
