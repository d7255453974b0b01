#include "cli/client_config.h"

#include <algorithm>

#include "cli/jsonc.h"
#include "cli/secrets.h"

namespace cli {
namespace {

using nlohmann::ordered_json;
namespace v1 = portolan::v1;

constexpr std::size_t kMaxServers = 1000;

std::string Text(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

void ReplaceAll(std::string& text, std::string_view what, const std::string& with) {
  if (with.empty()) return;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// One entry, member by member.
class Entry {
 public:
  Entry(const std::string& name, const ordered_json& tree, const ConfigPlace& place)
      : tree_(tree), place_(place) {
    read_.name = name;
  }

  ConfiguredServer Read() {
    if (!tree_.is_object()) return Refuse("is no object");
    const std::string url = First({"url", "serverUrl", "httpUrl"});
    const std::string command = Text(tree_, "command");
    if (url.empty() && command.empty()) return Refuse("has neither a command nor a URL");
    read_.resource.set_kind("Server");
    if (!url.empty()) {
      if (!ReadUrl(url)) return std::move(read_);
    } else {
      ReadCommand(command);
    }
    if (tree_.value("disabled", ordered_json()) == true) {
      read_.notes.emplace_back("it is disabled there");
      draft_ = true;
    }
    v1::Server& server = *read_.resource.mutable_server();
    if (const std::string description = Text(tree_, "description"); description.size() <= 4096)
      server.set_description(description);
    if (CatalogName(read_.name) != read_.name && read_.name.size() <= 100)
      server.set_title(read_.name);
    if (draft_ || !read_.missing.empty()) server.set_approval(v1::Approval::DRAFT);
    return std::move(read_);
  }

 private:
  ConfiguredServer Refuse(std::string why) {
    read_.refusal = std::move(why);
    return std::move(read_);
  }
  std::string First(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (std::string text = Text(tree_, key); !text.empty()) return text;
    }
    return "";
  }

  // Variables whose value is known here.
  std::string Resolve(std::string text) const {
    ReplaceAll(text, "${userHome}", place_.home);
    ReplaceAll(text, "${workspaceFolder}", place_.project);
    return text;
  }

  // False: refused.
  bool ReadUrl(const std::string& written) {
    const std::string url = Resolve(written);
    if (HasSecret(url)) {
      read_.refusal = "its URL holds a secret, which is not copied";
      return false;
    }
    if (HasPlaceholder(url)) {
      read_.refusal = "its URL has a placeholder: add it by the URL that is meant";
      return false;
    }
    v1::Endpoint& endpoint = *read_.resource.mutable_server()->mutable_endpoint();
    const std::string type = First({"type", "transport"});
    if (type == "sse") {
      endpoint.mutable_sse()->set_url(url);
    } else {
      endpoint.mutable_streamable_http()->set_url(url);
      read_.transport_unknown = type.empty() && !tree_.contains("httpUrl");
    }
    const auto headers = tree_.find("headers");
    if (headers == tree_.end() || !headers->is_object()) return true;
    for (const auto& [name, value] : headers->items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : "";
      const bool secret = IsSecretName(name) || IsSecretValue(text) || HasPlaceholder(text);
      read_.notes.push_back("the header " + name + (secret ? " holds a secret and" : "") +
                            " was left out: the gateway sends none of its own yet");
      draft_ = draft_ || secret;
    }
    return true;
  }

  void ReadCommand(const std::string& command) {
    v1::Stdio& stdio = *read_.resource.mutable_server()->mutable_endpoint()->mutable_stdio();
    stdio.set_command(Resolve(command));
    const auto arguments = tree_.find("args");
    bool secret_follows = false;
    if (arguments != tree_.end() && arguments->is_array()) {
      for (const auto& argument : *arguments) {
        ReadArgument(argument.is_string() ? argument.get<std::string>() : argument.dump(),
                     secret_follows, stdio);
      }
    }
    const auto environment = tree_.find("env");
    if (environment != tree_.end() && environment->is_object()) {
      for (const auto& [name, value] : environment->items()) {
        if (!value.is_null())
          ReadVariable(name, value.is_string() ? value.get<std::string>() : value.dump(), stdio);
      }
    }
    if (tree_.contains("envFile")) {
      read_.notes.push_back("its envFile was not read");
      draft_ = true;
    }
    std::string folder = Resolve(Text(tree_, "cwd"));
    if (folder.empty() || !folder.starts_with('/')) {
      const std::string base = place_.project.empty() ? place_.home : place_.project;
      folder = folder.empty() || HasPlaceholder(folder) ? base : base + "/" + folder;
    }
    stdio.set_cwd(folder);
  }

  void ReadArgument(const std::string& written, bool& secret_follows, v1::Stdio& stdio) {
    const std::string argument = Resolve(written);
    const std::size_t equals = argument.find('=');
    const bool is_option = argument.starts_with('-');
    const bool named = is_option && equals != std::string::npos;
    const std::string value = named ? argument.substr(equals + 1) : argument;
    const bool secret =
        secret_follows || (named && IsSecretName(argument.substr(0, equals)) && !value.empty()) ||
        IsSecretValue(value) ||
        // `--header "Authorization: Bearer x"`
        (argument.find(':') != std::string::npos && argument.find("://") == std::string::npos &&
         IsSecretName(argument.substr(0, argument.find(':'))));
    secret_follows = is_option && !named && IsSecretName(argument);
    if (HasPlaceholder(value)) {
      Miss("the argument " + argument, "");
      stdio.add_args(argument);
    } else if (secret && !is_option) {
      Miss("an argument", " looks like a secret and was left out");
      stdio.add_args("${input:secret}");
    } else if (secret && named) {
      Miss("the argument " + argument.substr(0, equals), " looks like a secret and was left out");
      stdio.add_args(argument.substr(0, equals) + "=${input:secret}");
    } else {
      stdio.add_args(argument);
    }
  }

  void ReadVariable(const std::string& name, const std::string& written, v1::Stdio& stdio) {
    std::string value = Resolve(written);
    if (HasPlaceholder(value)) {
      Miss(name, "");
    } else if (!value.empty() && (IsSecretName(name) || IsSecretValue(value))) {
      Miss(name, " looks like a secret and was left out");
      value = "${input:" + name + "}";
    }
    v1::NameValue& variable = *stdio.add_env();
    variable.set_name(name);
    variable.set_value(value);
  }

  void Miss(const std::string& what, const std::string& why) {
    read_.missing.push_back(what);
    read_.notes.push_back(what + (why.empty() ? " is filled in by the editor, not by us" : why));
  }

  const ordered_json& tree_;
  const ConfigPlace& place_;
  ConfiguredServer read_;
  bool draft_ = false;
};

// A list of servers in the text, and whose it is.
struct Found {
  const JsoncValue* list;
  std::string project;
};

std::vector<Found> FindLists(const JsoncValue& root, const ConfigPlace& place) {
  std::vector<Found> lists;
  const auto add = [&](const JsoncValue* list, const std::string& project) {
    if (list && list->is_object()) lists.push_back({list, project});
  };
  add(root.Find("servers"), place.project);
  add(root.Find("mcpServers"), place.project);
  // VS Code's settings.json, before it had a file of its own.
  if (const JsoncValue* mcp = root.Find("mcp")) add(mcp->Find("servers"), place.project);
  // Claude Code keeps what belongs to a project under the project's path.
  if (const JsoncValue* projects = root.Find("projects")) {
    for (const auto& project : projects->members)
      add(project.value.Find("mcpServers"), project.key);
  }
  return lists;
}

}  // namespace

base::Result<std::vector<ConfiguredServer>> ReadClientConfig(std::string_view text,
                                                             const ConfigPlace& place) {
  const auto root = ParseJsonc(text);
  if (!root) return root.error();
  const std::vector<Found> lists = FindLists(*root, place);
  if (lists.empty()) {
    return base::Fail(base::Code::kNotFound,
                      "there is no list of MCP servers in it (`servers` or `mcpServers`)");
  }
  std::vector<ConfiguredServer> servers;
  for (const Found& found : lists) {
    const ConfigPlace of_list{found.project, place.home};
    for (const auto& member : found.list->members) {
      if (servers.size() == kMaxServers)
        return base::Fail(base::Code::kInvalidArgument, "more than 1,000 servers");
      const ordered_json tree = ToJson(text, member.value);
      ConfiguredServer read = Entry(member.key, tree, of_list).Read();
      read.line = LineAt(text, member.key_span.begin);
      servers.push_back(std::move(read));
    }
  }
  return servers;
}

std::string SameAs(const v1::Server& server) {
  const v1::Endpoint& endpoint = server.endpoint();
  if (endpoint.has_stdio()) {
    std::string same = "stdio";
    same += '\0' + endpoint.stdio().command();
    for (const std::string& argument : endpoint.stdio().args()) same += '\0' + argument;
    return same;
  }
  std::string url = endpoint.has_sse() ? endpoint.sse().url() : endpoint.streamable_http().url();
  const std::size_t scheme = url.find("://");
  const std::size_t path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  const std::size_t host_end = path == std::string::npos ? url.size() : path;
  for (std::size_t i = 0; i < host_end; ++i) {
    if (url[i] >= 'A' && url[i] <= 'Z') url[i] = static_cast<char>(url[i] - 'A' + 'a');
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string CatalogName(std::string_view name) {
  std::string word;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (fits) {
      word += c;
    } else if (!word.empty() && word.back() != '-') {
      word += '-';
    }
  }
  while (word.ends_with('-')) word.pop_back();
  if (word.size() > 63) word.resize(63);
  return word;
}

}  // namespace cli
