// Programs: where they are found, what they inherit, and who descends from whom.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace base {

using Environment = std::vector<std::pair<std::string, std::string>>;

// The file a command names: itself when it holds a slash (relative to `cwd`), else the first
// executable in `path` (colon-separated). kNotFound names the command.
Result<std::string> FindProgram(std::string_view command, std::string_view path,
                                std::string_view cwd = {});

// What a program that is not ours may see of this process: PATH, HOME, USER, LANG, LC_*, TMPDIR,
// SHELL, TERM.
Environment ChildEnvironment();

// The folder of the running program's own file.
std::string ProgramFolder();

// The living processes whose parent is `parent`, zombies left out.
std::vector<pid_t> Children(pid_t parent);

// Every living process below `root`, parents first, zombies left out. Read from /proc; a snapshot.
std::vector<pid_t> Descendants(pid_t root);

// Kills and reaps every descendant of this process until none is left.
// REQUIRES: this process is a subreaper (PR_SET_CHILD_SUBREAPER), and has one thread.
void KillDescendants();

// Resident memory of a process in bytes; 0 when it is gone.
std::uint64_t ResidentBytes(pid_t pid);

// Shows this process as `name` (at most 15 characters) to ps, top and pgrep -f: its own name and,
// in place of the arguments it was forked with, that name alone. So whoever looks for the parent by
// its command line does not find us.
void ShowAs(const char* name);

}  // namespace base
