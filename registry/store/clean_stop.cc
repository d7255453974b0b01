#include "registry/store/clean_stop.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace registry {
namespace {

// So that what was made or removed in it stays so, whatever happens to the machine.
void SyncFolderOf(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const int folder =
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace

CleanStop::CleanStop(std::string database)
    : database_(std::move(database)), note_(database_ + "-stopped") {}

bool CleanStop::Take() const {
  std::ifstream file(note_);
  if (!file) return false;
  const std::string note(std::istreambuf_iterator<char>(file), {});
  const bool fits = !note.empty() && note == Describe();
  if (::unlink(note_.c_str()) != 0 && errno != ENOENT)
    throw std::system_error(errno, std::generic_category(), "cannot remove " + note_);
  SyncFolderOf(note_);
  return fits;
}

void CleanStop::Leave() const {
  const std::string note = Describe();
  if (note.empty()) return;
  const int file = ::open(note_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  // Half of it fits nothing.
  const bool whole = ::write(file, note.data(), note.size()) == static_cast<ssize_t>(note.size());
  ::close(file);
  if (!whole) ::unlink(note_.c_str());
}

std::string CleanStop::Describe() const {
  struct stat info {};
  if (::stat((database_ + "-wal").c_str(), &info) == 0 && info.st_size > 0) return {};
  if (::stat(database_.c_str(), &info) != 0) return {};
  return std::to_string(info.st_ino) + " " + std::to_string(info.st_size) + " " +
         std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + "\n";
}

}  // namespace registry
