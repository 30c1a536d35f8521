namespace KvScheduling.Simulation.Tests;

public sealed class WorkloadFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvs-traces-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.csv", "arrival_seconds,prompt_tokens,output_tokens\n0.5,374,44\n4.25,396,109\n")]
    [InlineData("a.csv", "output_tokens,prompt_tokens,arrival_seconds,name\r\n44,374,0.5,\"x,y\"\r\n109,396,4.25,z\r\n")]
    [InlineData("v.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,374,44\n4.25,396,109\n")]
    [InlineData("m.jsonl", "{\"timestamp\": 500, \"input_length\": 374, \"output_length\": 44, \"hash_ids\": [1, 2]}\n\n{\"hash_ids\":[],\"output_length\":109,\"timestamp\":4250,\"input_length\":396}\n")]
    public void Read_KnownFormats_GiveTheSameRequests(string name, string text) =>
        Assert.Equal([Requests.Of(374, 44, 0.5), Requests.Of(396, 109, 4.25)], WorkloadFile.Read(Write(name, text)));

    [Fact]
    public void Read_Azure_CountsFromTheFirstRow()
    {
        string path = Write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9305900,396,109\n");
        Assert.Equal([Requests.Of(374, 44), Requests.Of(396, 109, 4.25)], WorkloadFile.Read(path));
    }

    [Fact]
    public void Read_LengthsAlone_AreThereAtTheBeginning() =>
        Assert.Equal([Requests.Of(3, 4), Requests.Of(1, 2)], WorkloadFile.Read(Write("b.csv", "prompt_tokens,output_tokens\n3,4\n1,2\n")));

    [Theory]
    [InlineData("a.csv", "prompt_tokens\n3\n", "no column 'output_tokens'", "It has: prompt_tokens")]
    [InlineData("a.csv", "prompt_tokens,output_tokens\n3,4\n3,-1\n", "'-1' in column 'output_tokens'", "row 2 (line 3)")]
    [InlineData("a.csv", "prompt_tokens,output_tokens\n3,x\n", "'x' in column 'output_tokens'", "at least 1")]
    [InlineData("a.csv", "prompt_tokens,output_tokens\n3\n", "no CSV file", "")]
    [InlineData("a.csv", "arrival_seconds,prompt_tokens,output_tokens\n-1,3,4\n", "'-1' in column 'arrival_seconds'", "zero or more")]
    [InlineData("a.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,3,4\n", "'yesterday' in column 'TIMESTAMP'", "row 1 (line 2)")]
    [InlineData("a.csv", "", "is empty", "must name the columns")]
    [InlineData("a.jsonl", "{\"timestamp\": 0, \"input_length\": 3}\n", "line 1 has no 'output_length'", "")]
    [InlineData("a.jsonl", "{\"timestamp\": 0, \"input_length\": 0, \"output_length\": 1}\n", "'input_length' must be a number, at least 1", "line 1")]
    [InlineData("a.jsonl", "{\"timestamp\": 0, \n", "line 1 is no JSON object", "")]
    public void Read_WrongFile_NamesTheRowAndTheFix(string name, string text, string first, string second)
    {
        WorkloadException error = Assert.Throws<WorkloadException>(() => WorkloadFile.Read(Write(name, text)).Count());
        Assert.Contains(first, error.Message, StringComparison.Ordinal);
        Assert.Contains(second, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MissingFile_SaysSo() =>
        Assert.Contains("can't be read", Assert.Throws<WorkloadException>(() => WorkloadFile.Read(Path.Combine(_folder, "none.csv")).Count()).Message, StringComparison.Ordinal);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
