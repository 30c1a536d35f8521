using System.Reflection;

namespace KvScheduling.PublicApi.Tests;

/// <summary>Types as they are written in C#, with nullable references marked.</summary>
internal static class TypeNames
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static string Of(Type type)
    {
        if (type.IsByRef || type.IsPointer)
        {
            return Of(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Of(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        if (!type.IsGenericType)
        {
            return Keywords.GetValueOrDefault(type, type.IsGenericParameter ? type.Name : type.FullName ?? type.Name);
        }

        return $"{WithoutArity(type)}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>";
    }

    public static string Of(ParameterInfo parameter) => Of(Nullability.Create(parameter));

    public static string Of(PropertyInfo property) => Of(Nullability.Create(property));

    public static string Of(FieldInfo field) => Of(Nullability.Create(field));

    private static string Of(NullabilityInfo info)
    {
        Type type = info.Type;
        if (type.IsByRef)
        {
            return Of(type);
        }

        string mark = !type.IsValueType && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable) ? "?" : string.Empty;
        if (info.ElementType is { } element)
        {
            return $"{Of(element)}[]{mark}";
        }

        return Nullable.GetUnderlyingType(type) is null && info.GenericTypeArguments is { Length: > 0 } arguments
            ? $"{WithoutArity(type)}<{string.Join(", ", arguments.Select(Of))}>{mark}"
            : Of(type) + mark;
    }

    private static string WithoutArity(Type type)
    {
        string name = type.GetGenericTypeDefinition().FullName!;
        return name[..name.IndexOf('`', StringComparison.Ordinal)];
    }
}
