#include "mcp/stdio.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mcp {
namespace {

std::string Cut(const std::vector<std::string>& pieces,
                std::size_t max_line_bytes = kMaxLineBytes) {
  LineReader reader(max_line_bytes);
  std::string out;
  for (const std::string& piece : pieces) {
    const std::vector<char> bytes(piece.begin(), piece.end());
    reader.Feed({bytes.data(), bytes.size()});
    for (;;) {
      const auto line = reader.Next();
      if (!line) return out + "error";
      if (!*line) break;
      out += "[" + std::string(**line) + "]";
    }
  }
  return out;
}

TEST(LineReaderTest, CutsLinesAndSkipsEmptyOnes) {
  EXPECT_EQ(Cut({"a\nb\r\n\n\r\nc\n"}), "[a][b][c]");
  EXPECT_EQ(Cut({"a\nb"}), "[a]");
}

TEST(LineReaderTest, AnySplitGivesTheSameLines) {
  const std::string stream = "{\"a\":1}\r\n\n{\"b\":2}\n\r\nxyz\n";
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    for (std::size_t j = i; j <= stream.size(); ++j) {
      EXPECT_EQ(Cut({stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}),
                "[{\"a\":1}][{\"b\":2}][xyz]");
    }
  }
}

TEST(LineReaderTest, RefusesALineThatIsTooLong) {
  EXPECT_EQ(Cut({std::string(10, 'x') + "\n"}, 10), "[xxxxxxxxxx]");
  EXPECT_EQ(Cut({std::string(11, 'x') + "\n"}, 10), "error");
  EXPECT_EQ(Cut({std::string(6, 'x'), std::string(6, 'x')}, 10), "error");
}

TEST(AppendLineTest, KeepsAMessageOnOneLine) {
  std::string out;
  AppendLine(out, "{\n\"a\":1\r\n}");
  EXPECT_EQ(out, "{ \"a\":1  }\n");
}

}  // namespace
}  // namespace mcp
