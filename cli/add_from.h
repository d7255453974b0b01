// add --from: the servers that an editor knows, taken into the catalog.
//
// Everything it makes belongs to one set of the registry (`add-from-cursor`), so that --undo
// removes just that.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"

namespace cli {

class Context;

// `cursor`, `vscode`, `claude`
const std::vector<std::string>& AddSources();

struct ImportFromEditor {
  std::string source;
  // Empty: where the editor keeps its settings, and those of the project in this folder.
  std::string file;
  std::string name_space = "local";
  std::vector<std::string> tags;
  std::string owner;
  bool draft = false;
  bool dry_run = false;
};

Exit AddFrom(Context& context, const ImportFromEditor& import);
Exit UndoAddFrom(Context& context, const ImportFromEditor& import);

}  // namespace cli
