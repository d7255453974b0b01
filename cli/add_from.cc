#include "cli/add_from.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "cli/client_config.h"
#include "cli/context.h"
#include "cli/editors.h"
#include "cli/secrets.h"
#include "cli/settings_file.h"
#include "cli/transport.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Source {
  std::string path;
  ConfigPlace place;
};

std::string SetOf(const ImportFromEditor& import) { return "add-from-" + import.source; }

std::vector<Editor> EditorsOf(const std::string& source) {
  if (source == "vscode") return {Editor::kVsCode};
  if (source == "cursor") return {Editor::kCursor};
  return {Editor::kClaudeDesktop, Editor::kClaudeCode};
}

// The folder that a project's file belongs to: `.vscode/mcp.json` to the one above.
std::string ProjectOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  const std::string name = folder.filename().string();
  return (name == ".vscode" || name == ".cursor" ? folder.parent_path() : folder).string();
}

// All places that there are; only one file when it was given.
std::vector<Source> SourcesOf(const ImportFromEditor& import, const Surroundings& here) {
  std::vector<Source> sources;
  if (!import.file.empty()) {
    const std::string path = fs::absolute(import.file).lexically_normal().string();
    bool of_user = false;
    for (const Editor editor : EditorsOf(import.source))
      of_user = of_user || path == UserConfig(editor, here);
    return {{path, {of_user ? "" : ProjectOf(path), here.home}}};
  }
  for (const Editor editor : EditorsOf(import.source)) {
    sources.push_back({UserConfig(editor, here), {"", here.home}});
    if (const std::string project = ProjectConfig(editor, here); !project.empty())
      sources.push_back({project, {ProjectOf(project), here.home}});
  }
  return sources;
}

// As it would be typed.
std::string Quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("@%+=:,./-_").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The command that adds the server again, with what is missing to be filled in.
std::string AddAgain(const v1::Resource& resource) {
  const v1::Endpoint& endpoint = resource.server().endpoint();
  std::string command = "portolan rm " + resource.name() + " && portolan add " + resource.name();
  if (!endpoint.has_stdio()) {
    return command + " " +
           Quoted(endpoint.has_sse() ? endpoint.sse().url() : endpoint.streamable_http().url());
  }
  for (const v1::NameValue& variable : endpoint.stdio().env()) {
    command += " --env " + (HasPlaceholder(variable.value())
                                ? variable.name() + "=…"
                                : Quoted(variable.name() + "=" + variable.value()));
  }
  command += " -- " + Quoted(endpoint.stdio().command());
  for (const std::string& argument : endpoint.stdio().args())
    command += " " + (HasPlaceholder(argument) ? "…" : Quoted(argument));
  return command;
}

std::string WhereItRuns(const v1::Server& server) {
  const v1::Endpoint& endpoint = server.endpoint();
  if (endpoint.has_sse()) return endpoint.sse().url();
  if (endpoint.has_streamable_http()) return endpoint.streamable_http().url();
  std::string text = endpoint.stdio().command();
  for (const std::string& argument : endpoint.stdio().args()) text += " " + Quoted(argument);
  return text;
}

class Addition {
 public:
  Addition(Context& context, const ImportFromEditor& import)
      : context_(context), printer_(context.printer()), import_(import) {}

  Exit Run() {
    if (const auto ready = Learn(); !ready) return printer_.Fail(FailureFrom(ready.error(), "add"));
    const auto sources = SourcesOf(import_, Surroundings::Here());
    std::string looked;
    bool found = false;
    for (const Source& source : sources) {
      looked += (looked.empty() ? "" : ", ") + source.path;
      std::error_code error;
      if (!fs::exists(source.path, error)) continue;
      found = true;
      if (!ReadOne(source)) return Exit::kUsage;
    }
    if (!found) {
      return printer_.Fail({Exit::kNotFound, "read", "there is no " + looked,
                            "portolan add --from " + import_.source + " FILE"});
    }
    const std::string would = import_.dry_run ? " would be" : "";
    printer_.Did(std::to_string(added_) + would + " added, " + std::to_string(known_) +
                 " there already, " + std::to_string(refused_) + " left out" +
                 (added_ > 0 && !import_.dry_run
                      ? "      undo   portolan add --from " + import_.source + " --undo"
                      : ""));
    return added_ + known_ > 0 || refused_ == 0 ? Exit::kOk : Exit::kUsage;
  }

 private:
  // What is there, and what leads to us.
  base::Result<void> Learn() {
    const auto where = context_.registry().Describe();
    if (!where) return where.error();
    us_ = *where;
    v1::ListRequest request;
    request.set_kind("Server");
    const auto servers = context_.registry().List(request);
    if (!servers) return servers.error();
    for (const v1::Resource& resource : *servers) {
      names_[resource.name()] = SameAs(resource.server());
      if (resource.server().has_endpoint()) same_[SameAs(resource.server())] = resource.name();
    }
    return {};
  }

  // False: it cannot be read, and that was said.
  bool ReadOne(const Source& source) {
    const auto text = SettingsFile(source.path).Read();
    const auto fail = [&](const base::Error& error) {
      const std::string message = error.message.starts_with(source.path)
                                      ? error.message
                                      : source.path + ": " + error.message;
      (void)printer_.Fail({Exit::kUsage, "read", message, ""});
    };
    if (!text) return fail(text.error()), false;
    const auto servers = ReadClientConfig(*text, source.place);
    if (!servers) {
      // A file of many things (~/.claude.json) need not hold a list.
      if (import_.file.empty() && servers.error().code == base::Code::kNotFound) return true;
      return fail(servers.error()), false;
    }
    printer_.Did("from " + source.path);
    for (const ConfiguredServer& server : *servers) Take(source, server);
    return true;
  }

  bool LeadsHere(const v1::Server& server) const {
    const v1::Endpoint& endpoint = server.endpoint();
    if (endpoint.has_stdio()) {
      const auto& arguments = endpoint.stdio().args();
      return fs::path(endpoint.stdio().command()).filename() == "portolan" &&
             std::find(arguments.begin(), arguments.end(), "stdio") != arguments.end();
    }
    const std::string url =
        endpoint.has_sse() ? endpoint.sse().url() : endpoint.streamable_http().url();
    return url.starts_with(us_.gateway_public_url() + "/") || url == us_.public_url() + "/mcp";
  }

  void LeaveOut(const Source& source, const ConfiguredServer& server, const std::string& why) {
    ++refused_;
    (void)printer_.Fail(
        {Exit::kUsage, "left out",
         source.path + ":" + std::to_string(server.line) + "   " + server.name + "   " + why, ""});
    Tell(server, "", "refused", why);
  }

  void Tell(const ConfiguredServer& server, const std::string& name, const std::string& outcome,
            const std::string& reason) {
    if (printer_.for_people() || (printer_.format() == Format::kName && name.empty())) return;
    ordered_json tree = {{"entry", server.name}, {"server", name}, {"outcome", outcome}};
    if (!reason.empty()) tree["reason"] = reason;
    if (!server.notes.empty()) tree["notes"] = server.notes;
    printer_.Add({}, {{}, name, std::move(tree), ""});
  }

  void Take(const Source& source, const ConfiguredServer& read) {
    if (!read.refusal.empty()) return LeaveOut(source, read, read.refusal);
    const std::string same = SameAs(read.resource.server());
    if (LeadsHere(read.resource.server())) {
      ++known_;
      printer_.Did("· " + read.name + "   leads here already");
      return Tell(read, "", "known", "leads here already");
    }
    if (const auto known = same_.find(same); known != same_.end()) {
      ++known_;
      printer_.Did("· " + read.name + "   is there as " + known->second);
      return Tell(read, known->second, "known", "");
    }
    const std::string word = CatalogName(read.name);
    if (word.empty()) return LeaveOut(source, read, "no name of the catalog can be made of it");
    v1::Resource resource = read.resource;
    resource.set_name(import_.name_space + "/" + word);
    if (names_.contains(resource.name())) {
      return LeaveOut(source, read,
                      resource.name() + " is another server: take this one under --namespace WORD");
    }
    Complete(read, resource);
    v1::ApplyRequest request;
    *request.add_resources() = resource;
    request.set_dry_run(import_.dry_run);
    request.set_set(SetOf(import_));
    if (const auto applied = context_.registry().Apply(request); !applied)
      return LeaveOut(source, read, applied.error().message);
    ++added_;
    names_[resource.name()] = same;
    same_[same] = resource.name();
    Say(read, resource);
    Tell(read, resource.name(), "created", "");
  }

  void Complete(const ConfiguredServer& read, v1::Resource& resource) const {
    v1::Server& server = *resource.mutable_server();
    server.set_owner(import_.owner);
    for (const std::string& tag : import_.tags) server.add_tags(tag);
    if (import_.draft) server.set_approval(v1::Approval::DRAFT);
    // A draft is only stored, a dry run not even that: nothing is contacted for it.
    const bool contact = !import_.dry_run && server.approval() != v1::Approval::DRAFT;
    if (!read.transport_unknown) return;
    const std::string url = server.endpoint().streamable_http().url();
    if (contact ? IsSse(url) : url.ends_with("/sse"))
      server.mutable_endpoint()->mutable_sse()->set_url(url);
  }

  void Say(const ConfiguredServer& read, const v1::Resource& resource) {
    const bool draft = resource.server().approval() == v1::Approval::DRAFT;
    printer_.Did(printer_.Paint(draft ? Tone::kWarning : Tone::kGood, draft ? "!" : "✓") + " " +
                 resource.name() + "   " + WhereItRuns(resource.server()) +
                 (draft ? "   a draft: known, not started" : ""));
    for (const std::string& note : read.notes) printer_.Did("    " + note);
    if (!read.missing.empty()) printer_.Did("    give it:  " + AddAgain(resource));
  }

  Context& context_;
  Printer& printer_;
  const ImportFromEditor& import_;
  v1::DescribeResponse us_;
  std::map<std::string, std::string> names_;
  std::map<std::string, std::string> same_;
  int added_ = 0;
  int known_ = 0;
  int refused_ = 0;
};

}  // namespace

const std::vector<std::string>& AddSources() {
  static const std::vector<std::string> sources = {"cursor", "vscode", "claude"};
  return sources;
}

Exit AddFrom(Context& context, const ImportFromEditor& import) {
  return Addition(context, import).Run();
}

Exit UndoAddFrom(Context& context, const ImportFromEditor& import) {
  Printer& printer = context.printer();
  v1::ApplyRequest request;
  request.set_set(SetOf(import));
  request.set_prune(true);
  request.set_dry_run(import.dry_run);
  const auto applied = context.registry().Apply(request);
  if (!applied) return printer.Fail(FailureFrom(applied.error(), "undo"));
  for (const auto& result : applied->results()) {
    const ordered_json tree = {{"server", result.name()}, {"outcome", "removed"}};
    if (!printer.for_people()) printer.Add({}, {{}, result.name(), tree, ""});
    printer.Did(printer.Paint(Tone::kGood, "✓") + " removed " + result.name());
    for (const std::string& warning : result.warnings()) printer.Did("    ! " + warning);
  }
  if (applied->results().empty()) {
    return printer.Fail({Exit::kNotFound, "undo",
                         "nothing is left of what add --from " + import.source + " made", ""});
  }
  return Exit::kOk;
}

}  // namespace cli
