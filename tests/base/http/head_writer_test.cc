#include "base/http/head_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace base::http {
namespace {

std::string Field(std::string_view name, std::string_view value) {
  HeadWriter writer;
  writer.AddField(name, value);
  return std::string(writer.text());
}

TEST(HeadWriterTest, WritesFieldsOfAnyLength) {
  for (std::size_t size = 0; size < 100; ++size) {
    std::string value;
    for (std::size_t i = 0; i < size; ++i) value += static_cast<char>('a' + i % 26);
    EXPECT_EQ(Field("X", value), "X: " + value + "\r\n");
    EXPECT_EQ(Field(value + "n", "1"), value + "n: 1\r\n");
  }
}

TEST(HeadWriterTest, LeavesOutWhatWouldBreakTheHeadOpen) {
  for (std::size_t size = 1; size < 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char dirty : {'\n', '\r', '\0', '\x1f', '\x7f'}) {
        std::string text(size, 'a');
        text[at] = dirty;
        EXPECT_EQ(Field("X", text), "");
        EXPECT_EQ(Field(text, "x"), "");
      }
    }
  }
  EXPECT_EQ(Field("", "x"), "");
}

TEST(HeadWriterTest, TabsAndBytesBeyondAsciiPass) {
  EXPECT_EQ(Field("X", "a\tb"), "X: a\tb\r\n");
  EXPECT_EQ(Field("X", "Gr\xc3\xbc\xc3\x9f Gott, liebe Leute"),
            "X: Gr\xc3\xbc\xc3\x9f Gott, liebe Leute\r\n");
}

TEST(HeadWriterTest, AFieldLeftOutLeavesTheOthersAsTheyAre) {
  HeadWriter writer;
  writer.AddField("A", "1");
  writer.AddField("B", "a long value that ends badly\n");
  writer.AddField("C", "3");
  EXPECT_EQ(writer.text(), "A: 1\r\nC: 3\r\n");
}

}  // namespace
}  // namespace base::http
