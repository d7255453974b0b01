// The Printer puts results on stdout in the format asked for, and everything else on stderr.
//
// Tables are aligned by characters, not bytes; colour is used only where a person looks. `json`
// prints one compact object a line for lists, `yaml` one document each, `name` one name a line.
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/failure.h"

namespace cli {

enum class Format { kTable, kJson, kYaml, kName };

enum class Tone { kPlain, kStrong, kFaint, kGood, kWarning, kBad };

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Column {
  std::string title;
  bool right = false;
  // For tables whose rows are not known beforehand (log -f).
  std::size_t min_width = 0;
};

// One result of a list, in every form it may be printed in.
struct Row {
  std::vector<Cell> cells;
  std::string name;
  nlohmann::ordered_json tree;
  // What to type next, behind the last column.
  std::string next;
};

// Where a Printer writes.
struct Outlet {
  std::ostream& stream;
  bool color = false;
  // Characters a line; 0: no limit.
  std::size_t width = 0;
};

class Printer {
 public:
  Printer(Format format, bool quiet, Outlet out, Outlet talk);

  Format format() const { return format_; }
  bool for_people() const { return format_ == Format::kTable; }
  std::ostream& out() { return out_.stream; }

  // All rows at once; for a table without rows, `when_empty` is said instead.
  void List(const std::vector<Column>& columns, const std::vector<Row>& rows,
            std::string_view when_empty);
  // One row more of a list whose head and widths are fixed.
  void Head(const std::vector<Column>& columns);
  void Add(const std::vector<Column>& columns, const Row& row);
  // One result: as a tree, as a name, or as `for_people` writes it.
  void One(const nlohmann::ordered_json& tree, std::string_view name,
           const std::function<void()>& for_people);

  // A line of what a command did: on stdout when a person reads it there, else on stderr. Nothing
  // when quiet.
  void Did(std::string_view line);
  // The same without a line break, at once.
  void DidPart(std::string_view part);
  // A line on stderr. Nothing when quiet.
  void Say(std::string_view line);
  // Prints the failure on stderr and returns its exit code.
  Exit Fail(const Failure& failure);

  // `text` in colour where Did writes in colour.
  std::string Paint(Tone tone, std::string_view text) const;

 private:
  Outlet& did() { return for_people() ? out_ : talk_; }
  const Outlet& did() const { return for_people() ? out_ : talk_; }
  void PrintCells(const std::vector<Column>& columns, const std::vector<std::size_t>& widths,
                  const Row& row);

  const Format format_;
  const bool quiet_;
  Outlet out_;
  Outlet talk_;
};

// Characters, counting each code point as one.
std::size_t DisplayWidth(std::string_view text);
// At most `width` characters, the last one `…` when something was cut.
std::string Shorten(std::string_view text, std::size_t width);
// The first line, without white space around it.
std::string FirstLine(std::string_view text);
// `1,204`
std::string WithCommas(std::int64_t number);
// `0.4 ms`, `41 ms`, `1.2 s`
std::string Duration(double milliseconds);
// `2026-11-22 21:04:05` in local time; `–` for 0.
std::string TimeOfDay(std::int64_t unix_ms);

}  // namespace cli
