namespace KvScheduling.Samples.BatchScoring.Tests;

public sealed class CsvTests
{
    [Fact]
    public void Write_ThenRead_GivesTheSameFields()
    {
        string[][] records = [["a", "", "with, comma"], ["with \"quotes\"", "two\nlines", "\r"], [""], ["last"]];
        var text = new StringWriter();
        foreach (string[] record in records)
        {
            Csv.Write(text, record);
        }

        Assert.Equal(records, Csv.Read(new StringReader(text.ToString())));
    }

    [Fact]
    public void Read_WindowsLineBreaksAndNoLastOne_AreTaken() =>
        Assert.Equal([["a", "b"], ["c", "d"]], Csv.Read(new StringReader("a,b\r\nc,d")));

    [Fact]
    public void Read_EndInsideQuotes_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => Csv.Read(new StringReader("a,\"b")).ToList());
}
