namespace KvScheduling.Tests;

public class CostModelTests
{
    private static double Milliseconds(IIterationCostModel model, Action<Shape> compose)
    {
        Shape shape = new();
        compose(shape);
        return model.IterationTime(in shape.Value).TotalMilliseconds;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 9.28)]
    [InlineData(3, 8.992)]
    [InlineData(8, 9.056)]
    [InlineData(9, 9.184)]
    [InlineData(64, 9.696)]
    [InlineData(65, 11.36)]
    [InlineData(1024, 67.936)]
    [InlineData(1032, 69.696)]
    [InlineData(1040, 71.456)]
    [InlineData(2048, 133.464)]
    [InlineData(2056, 135.946)]
    [InlineData(2064, 138.428)]
    [InlineData(2080, 143.392)]
    [InlineData(4096, 259.92)]
    [InlineData(8192, 519.84)]
    public void Llama2A100Profile_Tokens_GivesTheTable(int tokens, double milliseconds) =>
        Assert.Equal(milliseconds, Llama2A100Profile.LinearMilliseconds(tokens), 1e-4);

    [Fact]
    public void Llama2A100_DecodeOnly_IsTheFormula()
    {
        // 64 rows of 1,000 tokens: 9.696 + 32 · (0.00684 + 1.056e-3 · 64 + 8.4185e-6 · 64,000).
        double time = Milliseconds(Llama2A100CostModel.Instance, shape =>
        {
            for (int i = 0; i < 64; i++)
            {
                shape.Value.AddDecode(1000);
            }
        });
        Assert.Equal(29.318656, time, 1e-3);
    }

    [Fact]
    public void Llama2A100_Prefill_IsTheFormula()
    {
        // 512 tokens after 1,000 (rounded to 1,024): 33.36 + 32 · (0.02688 + 2.143e-7 · 512² + 1.101e-7 · 512 · 1,024 + 1.687e-5 · 1,024).
        double time = Milliseconds(Llama2A100CostModel.Instance, shape => shape.Value.AddPrefill(512, 1000));
        Assert.Equal(38.417823, time, 1e-3);
    }

    [Fact]
    public void Llama2A100_TwoChunks_AddInQuadrature()
    {
        double time = Milliseconds(Llama2A100CostModel.Instance, shape =>
        {
            shape.Value.AddPrefill(300, 0);
            shape.Value.AddPrefill(400, 0);
        });
        Assert.Equal(Llama2A100Profile.LinearMilliseconds(700) + (32 * (0.02688 + (2.143e-7 * 500 * 500))), time, 1e-3);
    }

    [Fact]
    public void Linear_Shape_AddsTheTerms()
    {
        double time = Milliseconds(new LinearCostModel(1, 2, 3, 4), shape =>
        {
            shape.Value.AddPrefill(10, 5);
            shape.Value.AddDecode(7);
            shape.Value.AddDecode(8);
        });
        Assert.Equal(1 + 20 + 6 + 60, time);
    }

    [Fact]
    public void Linear_FittedForm_StaysNearTheModel()
    {
        foreach (int rows in new[] { 8, 32, 96 })
        {
            void Compose(Shape shape)
            {
                for (int i = 0; i < rows; i++)
                {
                    shape.Value.AddDecode(500);
                }
            }

            double exact = Milliseconds(Llama2A100CostModel.Instance, Compose);
            Assert.InRange(Milliseconds(LinearCostModel.Llama2A100, Compose) / exact, 0.85, 1.15);
        }
    }

    [Fact]
    public void Unit_AnyShape_TakesOneRound()
    {
        Assert.Equal(1000, Milliseconds(UnitCostModel.Rounds, _ => { }));
        Assert.Equal(1000, Milliseconds(UnitCostModel.Rounds, shape => shape.Value.AddPrefill(10, 5)));
        Assert.Equal(0, Milliseconds(UnitCostModel.Free, shape => shape.Value.AddPrefill(10, 5)));
    }

    [Fact]
    public void Constructors_NegativeCost_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnitCostModel(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearCostModel(1, -1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearCostModel(double.NaN, 0, 0, 0));
    }

    private sealed class Shape
    {
        public StepShape Value;
    }
}
