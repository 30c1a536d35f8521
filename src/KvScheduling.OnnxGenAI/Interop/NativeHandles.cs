using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Owns one native object. Null handles never reach a native destroy function: some of them crash on null.</summary>
internal abstract class NativeHandle : SafeHandle
{
    protected NativeHandle(nint value)
        : base(0, ownsHandle: true) => SetHandle(value);

    public override bool IsInvalid => handle == 0;

    /// <summary>The raw value, for the hot code of the owner. A raw value kept after disposal is not detected natively, so it is asked for at each use.</summary>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }
}

internal sealed class ModelHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyModel(handle);
        return true;
    }
}

internal sealed class TokenizerHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyTokenizer(handle);
        return true;
    }
}

/// <summary>A native engine. It keeps its model alive; requests and buffers that outlive it are tombstones, safe to destroy.</summary>
internal sealed class EngineHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyEngine(handle);
        return true;
    }
}

/// <summary>An event buffer. Must not be destroyed while its engine runs a step: the engine class holds both and destroys them between steps.</summary>
internal sealed class EventBufferHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyEngineEventBuffer(handle);
        return true;
    }
}

/// <summary>A request. The only engine object that may be destroyed on any thread at any time.</summary>
internal sealed class RequestHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyRequest(handle);
        return true;
    }
}

internal sealed class GeneratorHandle(nint value) : NativeHandle(value)
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.OgaDestroyGenerator(handle);
        return true;
    }
}
