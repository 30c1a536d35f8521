namespace KvScheduling.AspNetCore;

/// <summary>A request that is wrong in itself.</summary>
internal sealed class InvalidRequestException : Exception
{
    public InvalidRequestException(string? param, string message, string? code = null, int status = 400)
        : base(message)
    {
        Param = param;
        Code = code;
        Status = status;
    }

    /// <summary>The field at fault, as a path into the body.</summary>
    public string? Param { get; }

    public string? Code { get; }

    public int Status { get; }
}
