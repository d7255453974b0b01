#include "gateway/state/secret_value.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <tuple>

namespace gateway::state {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t kMaxBytes = 65'536;
constexpr std::chrono::seconds kLookEvery{1};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

base::Error Missing(const std::string& what) {
  return base::Fail(base::Code::kFailedPrecondition, what);
}

std::string Trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == text.npos ? 0 : end + 1);
  return text;
}

base::Result<std::string> ReadAll(int fd, const std::string& name) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Missing("secret file '" + name + "' cannot be read");
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxBytes) return Missing("secret file '" + name + "' is over 65,536 bytes");
  }
  text = Trimmed(std::move(text));
  if (text.empty()) return Missing("secret file '" + name + "' is empty");
  return text;
}

}  // namespace

struct SecretValue::State {
  // Another file, or another content of it.
  using Version = std::tuple<dev_t, ino_t, off_t, time_t, long>;

  base::Result<std::shared_ptr<const std::string>> ReadFile() {
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex);
    if (text && now - looked < kLookEvery) return text;
    if (folder.empty()) {
      return Missing("this gateway has no folder of secrets (setting 'secrets'), and '" + file +
                     "' is a file of it");
    }
    // Links may be used inside the folder, as mounted secrets do; what leads out of it is none.
    std::error_code failed;
    const fs::path home = fs::canonical(folder, failed);
    const fs::path place = failed ? fs::path() : fs::canonical(folder / file, failed);
    if (failed) return Missing("there is no secret file '" + file + "'");
    const fs::path inside = place.lexically_relative(home);
    if (inside.empty() || *inside.begin() == "..")
      return Missing("secret file '" + file + "' leads out of the folder of secrets");
    const FileDescriptor fd(::open(place.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat facts {};
    if (fd.get() < 0 || ::fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
      return Missing("secret file '" + file + "' cannot be read");
    const Version seen{facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec};
    looked = now;
    if (text && seen == version) return text;
    auto read = ReadAll(fd.get(), file);
    if (read.has_error()) return read.error();
    version = seen;
    if (!text || *text != *read) text = std::make_shared<const std::string>(*std::move(read));
    return text;
  }

  std::string variable;
  std::string file;
  fs::path folder;

  std::mutex mutex;
  // Under mutex where there is a file; else constant
  std::shared_ptr<const std::string> text;
  Version version{};
  steady_clock::time_point looked{};
};

SecretValue::SecretValue(const portolan::v1::Secret& secret, fs::path folder)
    : state_(std::make_unique<State>()) {
  if (secret.has_value()) state_->text = std::make_shared<const std::string>(secret.value());
  if (secret.has_env()) {
    state_->variable = secret.env();
    const char* value = std::getenv(secret.env().c_str());
    if (value && *value) state_->text = std::make_shared<const std::string>(value);
  }
  state_->file = secret.file();
  state_->folder = std::move(folder);
}

SecretValue::~SecretValue() = default;
SecretValue::SecretValue(SecretValue&&) noexcept = default;
SecretValue& SecretValue::operator=(SecretValue&&) noexcept = default;

base::Result<std::shared_ptr<const std::string>> SecretValue::Read() {
  if (!state_->file.empty()) return state_->ReadFile();
  if (state_->text) return state_->text;
  if (!state_->variable.empty())
    return Missing("the gateway's environment has no variable " + state_->variable);
  return Missing("its secret did not come from the registry");
}

}  // namespace gateway::state
