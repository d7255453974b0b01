#include "cli/progress.h"

#include <algorithm>
#include <cstdint>
#include <ostream>

#include "cli/printer.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kQuietFor{1};
constexpr std::chrono::milliseconds kBetweenDrawings{100};
constexpr std::chrono::seconds kBetweenLines{10};
constexpr std::size_t kBarWidth = 24;

std::string Bar(std::size_t done, std::size_t total) {
  const std::size_t full = total == 0 ? kBarWidth : kBarWidth * done / total;
  std::string bar;
  for (std::size_t i = 0; i < kBarWidth; ++i) bar += i < full ? "█" : "░";
  return bar;
}

}  // namespace

Progress::Progress(std::ostream& stream, Place place, std::string what, std::size_t total,
                   const base::Clock& clock)
    : stream_(stream),
      place_(place),
      what_(std::move(what)),
      total_(total),
      clock_(clock),
      began_(clock.Now()),
      last_(began_) {}

Progress::~Progress() {
  if (drawn_ && place_ == Place::kTerminal) stream_ << "\r\x1b[K" << std::flush;
}

std::string Progress::Text(std::size_t done, double seconds) const {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = WithCommas(static_cast<std::int64_t>(done)) + " of " +
                     WithCommas(static_cast<std::int64_t>(total_)) + " " + what_ + "   " +
                     WithCommas(static_cast<std::int64_t>(rate)) + "/s";
  if (rate > 0 && done < total_) {
    text += "   " + Duration(static_cast<double>(total_ - done) / rate * 1000) + " left";
  }
  return text;
}

void Progress::Reach(std::size_t done) {
  if (place_ == Place::kNowhere) return;
  done = std::min(done, total_);
  const base::TimePoint now = clock_.Now();
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (place_ == Place::kTerminal) {
    if (now - began_ < kQuietFor || (drawn_ && now - last_ < kBetweenDrawings)) return;
    stream_ << "\r\x1b[K" << Bar(done, total_) << "   " << Text(done, seconds) << std::flush;
  } else {
    if (now - last_ < kBetweenLines) return;
    stream_ << Text(done, seconds) << '\n' << std::flush;
  }
  last_ = now;
  drawn_ = true;
}

}  // namespace cli
