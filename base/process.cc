#include "base/process.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <unordered_map>

namespace base {
namespace {

bool IsProgram(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

bool MayBeSeen(std::string_view name) {
  constexpr std::string_view kNames[] = {"PATH", "HOME", "USER", "LANG", "TMPDIR", "SHELL", "TERM"};
  return name.starts_with("LC_") ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

struct Facts {
  pid_t parent = 0;
  bool dead = false;
};

// /proc/PID/stat: `PID (NAME) STATE PARENT ...`, where NAME may hold anything, parentheses too.
std::optional<Facts> ReadFacts(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  const std::size_t end = text.rfind(')');
  if (end == text.npos) return std::nullopt;
  std::istringstream fields(text.substr(end + 1));
  Facts facts;
  char state = 0;
  std::string skipped;
  fields >> state >> facts.parent;
  for (int field = 5; field < 20; ++field) fields >> skipped;
  int threads = 0;
  if (!(fields >> threads)) return std::nullopt;
  // A process whose first thread has ended looks like a zombie while other threads of it run on.
  facts.dead = (state == 'Z' || state == 'X') && threads <= 1;
  return facts;
}

std::optional<pid_t> ParsePid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

std::unordered_map<pid_t, std::vector<pid_t>> ChildrenOfAll() {
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::optional<pid_t> pid = ParsePid(entry.path().filename().string());
    if (!pid) continue;
    const std::optional<Facts> facts = ReadFacts(*pid);
    if (facts && !facts->dead) children[facts->parent].push_back(*pid);
  }
  return children;
}

}  // namespace

Result<std::string> FindProgram(std::string_view command, std::string_view path,
                                std::string_view cwd) {
  if (command.empty()) return Fail(Code::kInvalidArgument, "the command is empty");
  if (command.find('/') != command.npos) {
    std::filesystem::path file(command);
    if (file.is_relative() && !cwd.empty()) file = std::filesystem::path(cwd) / file;
    if (IsProgram(file.string())) return file.string();
    return Fail(Code::kNotFound, std::string(command) + ": no such program");
  }
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    // An empty entry would mean the current folder: whatever lies there is not what was meant.
    if (folder.empty()) continue;
    std::string file = std::string(folder) + "/" + std::string(command);
    if (IsProgram(file)) return file;
  }
  return Fail(Code::kNotFound, std::string(command) + ": not found in PATH");
}

Environment ChildEnvironment() {
  Environment result;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !MayBeSeen(text.substr(0, equals))) continue;
    result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::string ProgramFolder() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return ".";
  return std::filesystem::path(std::string(path, static_cast<std::size_t>(size)))
      .parent_path()
      .string();
}

std::vector<pid_t> Children(pid_t parent) { return ChildrenOfAll()[parent]; }

std::vector<pid_t> Descendants(pid_t root) {
  const auto children = ChildrenOfAll();
  std::vector<pid_t> found = {root};
  // `found` grows while it is walked; no process is below two others.
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto below = children.find(found[i]);
    if (below == children.end()) continue;
    found.insert(found.end(), below->second.begin(), below->second.end());
  }
  found.erase(found.begin());
  return found;
}

void KillDescendants() {
  // What is forked while we look is found in the next round, since whoever loses its parent becomes
  // our child.
  for (std::chrono::milliseconds pause{1};;
       pause = std::min(pause * 2, std::chrono::milliseconds{100})) {
    const std::vector<pid_t> alive = Descendants(::getpid());
    for (const pid_t pid : alive) ::kill(pid, SIGKILL);
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (reaped < 0 && errno == ECHILD) return;
    std::this_thread::sleep_for(pause);
  }
}

std::uint64_t ResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t total = 0, resident = 0;
  if (!(file >> total >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void ShowAs(const char* name) {
  ::prctl(PR_SET_NAME, name);
  // execve lays the arguments out one behind the other, and the environment behind them.
  char* const begin = program_invocation_name;
  char* end = begin;
  for (char** entry = environ; entry && *entry; ++entry) {
    if (*entry > begin && (end == begin || *entry < end)) end = *entry;
  }
  constexpr std::ptrdiff_t kMost = 1 << 20;
  if (end - begin < 2 || end - begin > kMost) return;
  const std::size_t bytes = static_cast<std::size_t>(end - begin);
  std::memset(begin, 0, bytes);
  std::memcpy(begin, name, std::min(std::strlen(name), bytes - 1));
}

}  // namespace base
