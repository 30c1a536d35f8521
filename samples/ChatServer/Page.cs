namespace KvScheduling.Samples.ChatServer;

/// <summary>The one page; part of the program, so that it is found wherever the program is started.</summary>
internal static class Page
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    private static readonly byte[] Html = Read();

    public static Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        context.Response.Headers.CacheControl = "no-cache";
        return context.Response.Body.WriteAsync(Html, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using Stream resource = typeof(Page).Assembly.GetManifestResourceStream("index.html")!;
        using MemoryStream copy = new();
        resource.CopyTo(copy);
        return copy.ToArray();
    }
}
