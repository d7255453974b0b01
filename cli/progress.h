// How far long work has come: a bar with rate and time left on a terminal, a line every ten seconds
// elsewhere. Work that is done within a second says nothing.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "base/clock.h"

namespace cli {

class Progress {
 public:
  enum class Place { kTerminal, kFile, kNowhere };

  // `what` names the units: "entries". The clock and the stream outlive it.
  Progress(std::ostream& stream, Place place, std::string what, std::size_t total,
           const base::Clock& clock);
  // Leaves the line as it found it.
  ~Progress();
  Progress(const Progress&) = delete;

  // So much of the total is done.
  void Reach(std::size_t done);

 private:
  std::string Text(std::size_t done, double seconds) const;

  std::ostream& stream_;
  const Place place_;
  const std::string what_;
  const std::size_t total_;
  const base::Clock& clock_;
  const base::TimePoint began_;
  base::TimePoint last_;
  bool drawn_ = false;
};

}  // namespace cli
