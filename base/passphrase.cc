#include "base/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace base {
namespace {

// A line without its end, at most a little longer than a passphrase may be.
std::string ReadLine(int descriptor) {
  std::string line;
  char letter = 0;
  while (line.size() <= kMaxPassphraseBytes && ::read(descriptor, &letter, 1) == 1 &&
         letter != '\n') {
    line += letter;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// The terminal, which shows nothing of what is typed while this lives.
class Terminal {
 public:
  Terminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
  }
  ~Terminal() {
    if (is_silent_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Terminal(const Terminal&) = delete;

  bool usable() const { return is_silent_; }
  std::string Ask(std::string_view question) {
    (void)!::write(descriptor_, question.data(), question.size());
    std::string answer = ReadLine(descriptor_);
    (void)!::write(descriptor_, "\n", 1);
    return answer;
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_silent_ = false;
};

Result<std::string> AskFor(Asked asked) {
  if (const char* given = std::getenv("PORTOLAN_PASSPHRASE"); given && *given)
    return std::string(given);
  if (!::isatty(STDIN_FILENO)) return ReadLine(STDIN_FILENO);
  Terminal terminal;
  if (!terminal.usable()) return ReadLine(STDIN_FILENO);
  std::string passphrase = terminal.Ask("passphrase: ");
  if (asked == Asked::kTwice && terminal.Ask("once more: ") != passphrase)
    return Fail(Code::kInvalidArgument, "the two passphrases are not the same");
  return passphrase;
}

}  // namespace

Result<void> CheckPassphrase(const std::string& passphrase) {
  if (passphrase.size() >= kMinPassphraseBytes && passphrase.size() <= kMaxPassphraseBytes)
    return {};
  return Fail(Code::kInvalidArgument, passphrase.empty()
                                          ? "a passphrase is needed: in PORTOLAN_PASSPHRASE, on "
                                            "stdin, or typed at a terminal"
                                          : "a passphrase has 8 to 1,024 bytes");
}

Result<std::string> ReadPassphrase(Asked asked) {
  auto passphrase = AskFor(asked);
  if (!passphrase) return passphrase;
  if (auto ok = CheckPassphrase(*passphrase); !ok) return ok.error();
  return passphrase;
}

}  // namespace base
