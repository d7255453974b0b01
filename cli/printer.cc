#include "cli/printer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <ostream>

#include "base/yaml.h"

namespace cli {
namespace {

std::string_view Escape(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kStrong: return "\x1b[1m";
    case Tone::kFaint: return "\x1b[2m";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kWarning: return "\x1b[33m";
    case Tone::kBad: return "\x1b[31m";
  }
  return "";
}

std::string PaintIf(bool color, Tone tone, std::string_view text) {
  if (!color || tone == Tone::kPlain) return std::string(text);
  return std::string(Escape(tone)) + std::string(text) + "\x1b[0m";
}

// What comes from servers may hold escape sequences; on a terminal they would act.
std::string Harmless(std::string_view text) {
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return result;
}

}  // namespace

Printer::Printer(Format format, bool quiet, Outlet out, Outlet talk)
    : format_(format), quiet_(quiet), out_(out), talk_(talk) {}

void Printer::List(const std::vector<Column>& columns, const std::vector<Row>& rows,
                   std::string_view when_empty) {
  if (for_people() && rows.empty()) return Say(when_empty);
  if (!for_people()) {
    for (const Row& row : rows) Add(columns, row);
    return;
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = std::max(columns[i].min_width, DisplayWidth(columns[i].title));
    for (const Row& row : rows) {
      if (i < row.cells.size()) width = std::max(width, DisplayWidth(row.cells[i].text));
    }
    widths.push_back(width);
  }
  // A last column of running text is cut to what the terminal still has.
  std::size_t used = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] + 3;
  bool has_next =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.next.empty(); });
  if (out_.width > used + 20 && !has_next)
    widths.back() = std::min(widths.back(), out_.width - used);

  Row head;
  for (const Column& column : columns) head.cells.push_back({column.title, Tone::kFaint});
  PrintCells(columns, widths, head);
  for (const Row& row : rows) PrintCells(columns, widths, row);
}

void Printer::Head(const std::vector<Column>& columns) {
  if (!for_people()) return;
  Row head;
  for (const Column& column : columns) head.cells.push_back({column.title, Tone::kFaint});
  Add(columns, head);
}

void Printer::Add(const std::vector<Column>& columns, const Row& row) {
  switch (format_) {
    case Format::kTable: {
      std::vector<std::size_t> widths;
      for (const Column& column : columns)
        widths.push_back(std::max(column.min_width, DisplayWidth(column.title)));
      PrintCells(columns, widths, row);
      break;
    }
    case Format::kJson:
      out_.stream << row.tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << '\n';
      break;
    case Format::kYaml: out_.stream << "---\n" << base::WriteYaml(row.tree); break;
    case Format::kName: out_.stream << row.name << '\n'; break;
  }
  out_.stream.flush();
}

void Printer::PrintCells(const std::vector<Column>& columns, const std::vector<std::size_t>& widths,
                         const Row& row) {
  std::string line;
  for (std::size_t i = 0; i < columns.size() && i < row.cells.size(); ++i) {
    bool last = i + 1 == columns.size();
    std::string text = Harmless(row.cells[i].text);
    if (last) text = Shorten(text, std::max<std::size_t>(widths[i], 8));
    std::size_t width = DisplayWidth(text);
    std::string padding(widths[i] > width ? widths[i] - width : 0, ' ');
    std::string painted = PaintIf(out_.color, row.cells[i].tone, text);
    if (i > 0) line += "   ";
    line += columns[i].right ? padding + painted : painted + padding;
  }
  if (!row.next.empty()) line += "   " + PaintIf(out_.color, Tone::kFaint, row.next);
  line.erase(line.find_last_not_of(' ') + 1);
  out_.stream << line << '\n';
}

void Printer::One(const nlohmann::ordered_json& tree, std::string_view name,
                  const std::function<void()>& for_people) {
  switch (format_) {
    case Format::kTable: for_people(); break;
    case Format::kJson:
      out_.stream << tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
      break;
    case Format::kYaml: out_.stream << base::WriteYaml(tree); break;
    case Format::kName: out_.stream << name << '\n'; break;
  }
  out_.stream.flush();
}

void Printer::Did(std::string_view line) {
  if (!quiet_) did().stream << line << '\n' << std::flush;
}

void Printer::DidPart(std::string_view part) {
  if (!quiet_) did().stream << part << std::flush;
}

void Printer::Say(std::string_view line) {
  if (!quiet_) talk_.stream << line << '\n' << std::flush;
}

Exit Printer::Fail(const Failure& failure) {
  out_.stream.flush();
  talk_.stream << PaintIf(talk_.color, Tone::kBad, "✗ " + failure.stage) << "   "
               << Harmless(failure.message) << '\n';
  if (!failure.next.empty()) talk_.stream << "  " << failure.next << '\n';
  talk_.stream.flush();
  return failure.exit;
}

std::string Printer::Paint(Tone tone, std::string_view text) const {
  return PaintIf(did().color, tone, text);
}

std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Shorten(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    if (++characters == width) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string FirstLine(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  text = text.substr(0, text.find_first_of("\r\n"));
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return std::string(text);
}

std::string WithCommas(std::int64_t number) {
  std::string digits = std::to_string(number);
  std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string Duration(double milliseconds) {
  char text[32];
  if (milliseconds >= 10'000) {
    std::snprintf(text, sizeof text, "%.0f s", milliseconds / 1000);
  } else if (milliseconds >= 1000) {
    std::snprintf(text, sizeof text, "%.1f s", milliseconds / 1000);
  } else if (milliseconds >= 1) {
    std::snprintf(text, sizeof text, "%.0f ms", milliseconds);
  } else {
    std::snprintf(text, sizeof text, "%.1f ms", milliseconds);
  }
  return text;
}

std::string TimeOfDay(std::int64_t unix_ms) {
  if (unix_ms == 0) return "–";
  std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

}  // namespace cli
