#include "cli/printer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/tool_result.h"

namespace cli {
namespace {

struct Console {
  std::ostringstream out;
  std::ostringstream talk;
  Printer Print(Format format, bool quiet = false, bool color = false, std::size_t width = 0) {
    return Printer(format, quiet, {out, color, width}, {talk, color, width});
  }
};

std::vector<Row> TwoRows() {
  return {{{{"fs", Tone::kStrong}, {"● healthy", Tone::kGood}, {"14"}},
           "local/fs",
           {{"name", "local/fs"}},
           ""},
          {{{"größe"}, {"✗ unreachable"}, {"1,204"}},
           "local/g",
           {{"name", "local/g"}},
           "portolan doctor größe"}};
}

const std::vector<Column> kColumns = {{"SERVER"}, {"STATE"}, {"TOOLS", true}};

TEST(PrinterTest, AlignsColumnsByCharactersAndNumbersToTheRight) {
  Console console;
  console.Print(Format::kTable).List(kColumns, TwoRows(), "");
  EXPECT_EQ(console.out.str(),
            "SERVER   STATE           TOOLS\n"
            "fs       ● healthy          14\n"
            "größe    ✗ unreachable   1,204   portolan doctor größe\n");
}

TEST(PrinterTest, PrintsACompactObjectALineAsJson) {
  Console console;
  console.Print(Format::kJson).List(kColumns, TwoRows(), "");
  EXPECT_EQ(console.out.str(), "{\"name\":\"local/fs\"}\n{\"name\":\"local/g\"}\n");
}

TEST(PrinterTest, PrintsADocumentEachAsYaml) {
  Console console;
  console.Print(Format::kYaml).List(kColumns, TwoRows(), "");
  EXPECT_EQ(console.out.str(), "---\nname: local/fs\n---\nname: local/g\n");
}

TEST(PrinterTest, PrintsNames) {
  Console console;
  console.Print(Format::kName).List(kColumns, TwoRows(), "");
  EXPECT_EQ(console.out.str(), "local/fs\nlocal/g\n");
}

TEST(PrinterTest, SaysThatThereIsNothingOnStderr) {
  Console console;
  console.Print(Format::kTable).List(kColumns, {}, "no servers yet");
  EXPECT_EQ(console.out.str(), "");
  EXPECT_EQ(console.talk.str(), "no servers yet\n");
}

TEST(PrinterTest, PrintsNothingForAnEmptyListAsJson) {
  Console console;
  console.Print(Format::kJson).List(kColumns, {}, "no servers yet");
  EXPECT_EQ(console.out.str() + console.talk.str(), "");
}

TEST(PrinterTest, KeepsWhatWasDoneOffStdoutWhenAProgramReadsIt) {
  Console console;
  console.Print(Format::kJson).Did("stored");
  EXPECT_EQ(console.out.str(), "");
  EXPECT_EQ(console.talk.str(), "stored\n");
}

TEST(PrinterTest, IsSilentButForResultsAndFailuresWhenQuiet) {
  Console console;
  Printer printer = console.Print(Format::kTable, true);
  printer.Did("stored");
  printer.Say("hint");
  EXPECT_EQ(printer.Fail({Exit::kNotFound, "find", "no such thing", ""}), Exit::kNotFound);
  EXPECT_EQ(console.out.str(), "");
  EXPECT_EQ(console.talk.str(), "✗ find   no such thing\n");
}

TEST(PrinterTest, SaysWhatFailedAtWhichStageAndWhatToTypeNext) {
  Console console;
  console.Print(Format::kTable)
      .Fail({Exit::kUnreachable, "tcp", "connection refused", "start it:  portolan up"});
  EXPECT_EQ(console.talk.str(), "✗ tcp   connection refused\n  start it:  portolan up\n");
}

TEST(PrinterTest, UsesColourOnlyWhereTold) {
  Console plain;
  Console colored;
  plain.Print(Format::kTable).List(kColumns, TwoRows(), "");
  colored.Print(Format::kTable, false, true).List(kColumns, TwoRows(), "");
  EXPECT_EQ(plain.out.str().find('\x1b'), std::string::npos);
  EXPECT_NE(colored.out.str().find("\x1b[32m● healthy"), std::string::npos);
}

TEST(PrinterTest, TakesTheTeethOutOfWhatServersSay) {
  Console console;
  console.Print(Format::kTable).List({{"ABOUT"}}, {{{{"a\x1b[2Jb\nc"}}, "x", {}, ""}}, "");
  EXPECT_EQ(console.out.str().find('\x1b'), std::string::npos);
  EXPECT_NE(console.out.str().find("a [2Jb c"), std::string::npos);
}

TEST(PrinterTest, CutsRunningTextToTheTerminal) {
  Console console;
  std::string text(200, 'x');
  console.Print(Format::kTable, false, false, 40)
      .List({{"A"}, {"ABOUT"}}, {{{{"1"}, {text}}, "x", {}, ""}}, "");
  std::string line = console.out.str().substr(console.out.str().find('\n') + 1);
  EXPECT_EQ(DisplayWidth(line), 41u);  // with its line break
}

TEST(PrinterTest, WritesNumbersAndTimesForPeople) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(1204), "1,204");
  EXPECT_EQ(WithCommas(-1234567), "-1,234,567");
  EXPECT_EQ(Duration(0.42), "0.4 ms");
  EXPECT_EQ(Duration(41.2), "41 ms");
  EXPECT_EQ(Duration(1234), "1.2 s");
  EXPECT_EQ(Shorten("größer", 4), "grö…");
}

TEST(ContentTest, ShowsTextAndNamesTheRest) {
  auto result = nlohmann::ordered_json::parse(R"({"content":[
      {"type":"text","text":"hello"},
      {"type":"image","mimeType":"image/png","data":"AAAA"},
      {"type":"resource_link","uri":"file:///a"}]})");
  EXPECT_EQ(ContentText(result), "hello\n[image image/png, 3 bytes]\nfile:///a");
}

}  // namespace
}  // namespace cli
