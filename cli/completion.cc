// completion: what the shell offers at TAB. The scripts are a few lines; they ask `portolan
// __complete` for the words.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/json.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/editors.h"
#include "cli/verbs.h"

namespace cli {
namespace {

constexpr std::string_view kBash = R"(_portolan() {
  local IFS=$'\n'
  COMPREPLY=($(portolan __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace
}
complete -o default -F _portolan portolan
)";

constexpr std::string_view kZsh = R"(#compdef portolan
_portolan() {
  local -a words_found
  words_found=("${(@f)$(portolan __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z ${words_found[1]} ]]; then _files; else compadd -S '' -- "${words_found[@]}"; fi
}
compdef _portolan portolan
)";

constexpr std::string_view kFish = R"(function __portolan_complete
  set -l typed (commandline -opc) (commandline -ct)
  portolan __complete -- $typed[2..-1] 2>/dev/null
end
complete -c portolan -f -a '(__portolan_complete)'
)";

class Completer {
 public:
  Completer(Context& context, const CLI::App& app) : context_(context), app_(app) {}

  // `words` are those behind `portolan`; the last one is being typed and may be empty.
  void Complete(std::vector<std::string> words) {
    if (words.empty()) words.emplace_back();
    prefix_ = words.back();
    words.pop_back();
    const CLI::App* verb = &app_;
    std::vector<std::string> typed;
    for (const std::string& word : words) {
      const CLI::App* inner = typed.empty() ? InnerVerb(*verb, word) : nullptr;
      if (inner) {
        verb = inner;
      } else if (!word.starts_with('-')) {
        typed.push_back(word);
      }
    }
    if (prefix_.starts_with('-')) return OfferOptions(*verb);
    if (!verb->get_subcommands({}).empty()) return OfferVerbs(*verb);
    const std::string& name = verb->get_name();
    if (name == "call") return typed.empty() ? OfferTools() : OfferArguments(typed.front());
    if (name == "export") return OfferKinds();
    if (name == "connect" || name == "disconnect") {
      if (!typed.empty()) return OfferServers();
      for (const std::string& editor : EditorNames()) Offer(editor);
    }
    if (name == "tools" || name == "doctor" || name == "rm" || (name == "show"))
      return OfferServers();
    if (name == "completion") {
      for (const char* shell : {"bash", "zsh", "fish"}) Offer(shell);
    }
  }

 private:
  static const CLI::App* InnerVerb(const CLI::App& app, const std::string& name) {
    for (const CLI::App* verb : app.get_subcommands({})) {
      if (verb->get_name() == name) return verb;
    }
    return nullptr;
  }
  void Offer(const std::string& word) {
    if (word.starts_with(prefix_)) std::cout << word << '\n';
  }
  void OfferVerbs(const CLI::App& app) {
    for (const CLI::App* verb : app.get_subcommands({})) {
      if (!verb->get_group().empty()) Offer(verb->get_name());
    }
  }
  void OfferOptions(const CLI::App& verb) {
    for (const CLI::App* level : {&verb, &app_}) {
      for (const CLI::Option* option : level->get_options()) {
        for (const std::string& name : option->get_lnames()) Offer("--" + name);
      }
      if (level == &app_) break;
    }
  }
  std::vector<v1::Resource> Servers() {
    v1::ListRequest request;
    request.set_kind("Server");
    auto servers = context_.registry().List(request);
    return servers ? std::move(*servers) : std::vector<v1::Resource>();
  }
  void OfferKinds() {
    const auto* spec = v1::Resource::descriptor()->FindOneofByName("spec");
    for (int i = 0; i < spec->field_count(); ++i) Offer(spec->field(i)->message_type()->name());
  }
  void OfferServers() {
    for (const v1::Resource& server : Servers()) {
      Offer(server.server().base_path().empty() ? server.name() : server.server().base_path());
    }
  }
  std::vector<v1::Definition> Tools(const std::string& server) {
    v1::GetDefinitionsRequest request;
    request.set_server(server);
    auto definitions = context_.registry().GetDefinitions(request);
    std::vector<v1::Definition> tools;
    if (!definitions) return tools;
    for (const v1::Definition& definition : definitions->definitions()) {
      if (definition.kind() == v1::DefinitionKind::TOOL) tools.push_back(definition);
    }
    return tools;
  }
  // Servers until the dot is typed, then the tools of that one.
  void OfferTools() {
    for (const v1::Resource& server : Servers()) {
      std::string start = server.server().base_path() + ".";
      if (start == ".") continue;
      if (!prefix_.starts_with(start)) {
        Offer(start);
        continue;
      }
      for (const v1::Definition& tool : Tools(server.name())) Offer(start + tool.name());
    }
  }
  void OfferArguments(const std::string& id) {
    for (const ToolTarget& target : SplitToolId(id)) {
      auto server = context_.FindServer(target.server);
      if (!server) continue;
      for (const v1::Definition& tool : Tools(server->name())) {
        if (tool.name() != target.tool) continue;
        auto tree = base::ParseJson(tool.json());
        if (!tree || !tree->is_object() || !tree->contains("inputSchema")) return;
        const auto& schema = (*tree)["inputSchema"];
        if (!schema.is_object() || !schema.contains("properties") ||
            !schema["properties"].is_object())
          return;
        for (const auto& [name, unused] : schema["properties"].items()) Offer(name + "=");
        return;
      }
    }
  }

  Context& context_;
  const CLI::App& app_;
  std::string prefix_;
};

}  // namespace

void AddCompletion(Verbs& verbs) {
  auto shell = std::make_shared<std::string>();
  verbs
      .Add("completion",
           "The script that teaches a shell to complete verbs, servers, tools and arguments",
           "source <(portolan completion bash)",
           [shell](Context& context) {
             context.printer().out() << (*shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish);
             return Exit::kOk;
           })
      .Choice("shell", *shell, {"bash", "zsh", "fish"}, "Which one", Verb::Need::kRequired);

  const CLI::App& app = verbs.app();
  verbs
      .Add("__complete", "", "",
           [&app](Context& context) {
             Completer(context, app).Complete(context.command_words());
             return Exit::kOk;
           })
      .Hidden();
}

}  // namespace cli
