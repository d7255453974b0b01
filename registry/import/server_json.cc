#include "registry/import/server_json.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>

#include "base/json.h"

namespace registry::import {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;
constexpr std::size_t kAnyLength = static_cast<std::size_t>(-1);

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool AllOf(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool IsServerName(std::string_view name) {
  std::size_t slash = name.find('/');
  return slash != std::string_view::npos && AllOf(name.substr(0, slash), ".-") &&
         AllOf(name.substr(slash + 1), "._-");
}

bool HasNoSpace(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
}

bool IsWebUrl(std::string_view url) {
  std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  return scheme > 0 && url.size() > scheme && HasNoSpace(url);
}

// RFC 3986, as far as a mistake shows: a scheme, something behind it, and only characters that a
// URI may have.
bool IsUri(std::string_view uri) {
  std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon + 1 == uri.size() ||
      !AllOf(uri.substr(0, colon), "+.-"))
    return false;
  return AllOf(uri, "-._~:/?#[]@!$&'()*+,;=%");
}

bool IsSize(std::string_view size) {
  auto digits = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  std::size_t x = size.find('x');
  return size == "any" ||
         (x != std::string_view::npos && digits(size.substr(0, x)) && digits(size.substr(x + 1)));
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

enum class Need { kOptional, kRequired };

// Walks the document and notes what is wrong, with the pointer of where it is.
class Check {
 public:
  explicit Check(std::size_t at_most) : at_most_(at_most) {}

  std::vector<std::string> Run(const json& document) {
    if (!document.is_object()) {
      Wrong("", "must be an object");
      return std::move(problems_);
    }
    Text(document, "", "$schema", Need::kOptional, IsUri, "must be a URI");
    Text(document, "", "name", Need::kRequired, IsServerName,
         "must be namespace/name of letters, digits, '.', '-' (and '_' behind the slash)", 3, 200);
    Text(document, "", "description", Need::kRequired, {}, "", 1, 100);
    Text(
        document, "", "version", Need::kRequired,
        [](std::string_view version) { return version != "latest"; },
        "must be one version, not 'latest'", 1, 255);
    Text(document, "", "title", Need::kOptional, {}, "", 1, 100);
    Text(document, "", "websiteUrl", Need::kOptional, IsUri, "must be a URI");
    Object(document, "", "repository", Need::kOptional,
           [&](const json& repository, const std::string& at) {
             Text(repository, at, "url", Need::kRequired, IsUri, "must be a URI");
             Text(repository, at, "source", Need::kRequired);
             Text(repository, at, "id", Need::kOptional);
             Text(repository, at, "subfolder", Need::kOptional);
           });
    Objects(document, "", "icons",
            [&](const json& icon, const std::string& at) { Icon(icon, at); });
    Objects(document, "", "packages",
            [&](const json& package, const std::string& at) { Package(package, at); });
    Objects(document, "", "remotes", [&](const json& remote, const std::string& at) {
      Transport(remote, at, {"streamable-http", "sse"});
      Inputs(remote, at, "variables");
    });
    Object(document, "", "_meta", Need::kOptional, [&](const json& meta, const std::string& at) {
      Object(meta, at, "io.modelcontextprotocol.registry/publisher-provided", Need::kOptional, {});
    });
    return std::move(problems_);
  }

 private:
  using Visit = std::function<void(const json&, const std::string&)>;
  using Test = std::function<bool(std::string_view)>;

  void Wrong(const std::string& at, std::string what) {
    if (problems_.size() < at_most_)
      problems_.push_back((at.empty() ? "/" : at) + ": " + std::move(what));
  }

  const json* Find(const json& object, const std::string& at, const char* key, Need need) {
    auto member = object.find(key);
    if (member != object.end()) return &*member;
    if (need == Need::kRequired) Wrong(base::PointerTo(at, key), "is missing");
    return nullptr;
  }

  void Text(const json& object, const std::string& at, const char* key, Need need,
            const Test& test = {}, const char* otherwise = "", std::size_t least = 0,
            std::size_t most = kAnyLength) {
    const json* value = Find(object, at, key, need);
    if (!value) return;
    CheckText(*value, base::PointerTo(at, key), test, otherwise, least, most);
  }

  void CheckText(const json& value, const std::string& at, const Test& test, const char* otherwise,
                 std::size_t least = 0, std::size_t most = kAnyLength) {
    if (!value.is_string()) return Wrong(at, "must be a string");
    const auto& text = value.get_ref<const std::string&>();
    std::size_t length = Characters(text);
    if (length < least) return Wrong(at, length == 0 ? "must not be empty" : "is too short");
    if (length > most) {
      return Wrong(at, std::to_string(length) + " characters, at most " + std::to_string(most) +
                           " are allowed");
    }
    if (test && !test(text)) Wrong(at, otherwise);
  }

  void Word(const json& object, const std::string& at, const char* key, Need need,
            std::initializer_list<std::string_view> words) {
    const json* value = Find(object, at, key, need);
    if (!value) return;
    std::string choice;
    for (std::string_view word : words) {
      if (value->is_string() && value->get_ref<const std::string&>() == word) return;
      choice += (choice.empty() ? "" : " or ") + std::string(word);
    }
    Wrong(base::PointerTo(at, key), "must be " + choice);
  }

  void Flag(const json& object, const std::string& at, const char* key) {
    const json* value = Find(object, at, key, Need::kOptional);
    if (value && !value->is_boolean()) Wrong(base::PointerTo(at, key), "must be true or false");
  }

  void Object(const json& object, const std::string& at, const char* key, Need need,
              const Visit& visit) {
    const json* value = Find(object, at, key, need);
    if (!value) return;
    std::string here = base::PointerTo(at, key);
    if (!value->is_object()) return Wrong(here, "must be an object");
    if (visit) visit(*value, here);
  }

  void Objects(const json& object, const std::string& at, const char* key, const Visit& visit) {
    Elements(object, at, key, [&](const json& element, const std::string& here) {
      if (!element.is_object()) return Wrong(here, "must be an object");
      visit(element, here);
    });
  }

  void Elements(const json& object, const std::string& at, const char* key, const Visit& visit) {
    const json* value = Find(object, at, key, Need::kOptional);
    if (!value) return;
    std::string here = base::PointerTo(at, key);
    if (!value->is_array()) return Wrong(here, "must be an array");
    for (std::size_t i = 0; i < value->size(); ++i) visit((*value)[i], base::PointerTo(here, i));
  }

  void Icon(const json& icon, const std::string& at) {
    Text(icon, at, "src", Need::kRequired, IsUri, "must be a URI", 0, 255);
    Word(icon, at, "mimeType", Need::kOptional,
         {"image/png", "image/jpeg", "image/jpg", "image/svg+xml", "image/webp"});
    Word(icon, at, "theme", Need::kOptional, {"light", "dark"});
    Elements(icon, at, "sizes", [&](const json& size, const std::string& here) {
      CheckText(size, here, IsSize, "must be WIDTHxHEIGHT or any");
    });
  }

  void Package(const json& package, const std::string& at) {
    Text(package, at, "registryType", Need::kRequired);
    Text(package, at, "identifier", Need::kRequired);
    Text(
        package, at, "version", Need::kOptional,
        [](std::string_view version) { return version != "latest"; },
        "must be one version, not 'latest'", 1);
    Text(package, at, "registryBaseUrl", Need::kOptional, IsUri, "must be a URI");
    Text(package, at, "fileSha256", Need::kOptional, IsSha256,
         "must be 64 digits of lower-case hex");
    Text(package, at, "runtimeHint", Need::kOptional);
    Object(package, at, "transport", Need::kRequired,
           [&](const json& transport, const std::string& here) {
             Transport(transport, here, {"stdio", "streamable-http", "sse"});
           });
    Arguments(package, at, "runtimeArguments");
    Arguments(package, at, "packageArguments");
    NamedInputs(package, at, "environmentVariables");
  }

  void Transport(const json& transport, const std::string& at,
                 std::initializer_list<std::string_view> types) {
    Word(transport, at, "type", Need::kRequired, types);
    if (transport.value("type", json()) == "stdio") return;
    Text(transport, at, "url", Need::kRequired, IsWebUrl,
         "must begin with http:// or https:// and have no spaces");
    NamedInputs(transport, at, "headers");
  }

  void Arguments(const json& package, const std::string& at, const char* key) {
    Objects(package, at, key, [&](const json& argument, const std::string& here) {
      Word(argument, here, "type", Need::kRequired, {"positional", "named"});
      if (argument.value("type", json()) == "named") {
        Text(argument, here, "name", Need::kRequired);
      } else if (!argument.contains("value") && !argument.contains("valueHint")) {
        Wrong(here, "needs value or valueHint");
      }
      Text(argument, here, "valueHint", Need::kOptional);
      Flag(argument, here, "isRepeated");
      InputWithVariables(argument, here);
    });
  }

  void NamedInputs(const json& object, const std::string& at, const char* key) {
    Objects(object, at, key, [&](const json& input, const std::string& here) {
      Text(input, here, "name", Need::kRequired);
      InputWithVariables(input, here);
    });
  }

  void InputWithVariables(const json& input, const std::string& at) {
    Input(input, at);
    Inputs(input, at, "variables");
  }

  void Inputs(const json& object, const std::string& at, const char* key) {
    Object(object, at, key, Need::kOptional, [&](const json& inputs, const std::string& here) {
      for (const auto& [name, input] : inputs.items()) {
        std::string there = base::PointerTo(here, name);
        if (input.is_object()) {
          Input(input, there);
        } else {
          Wrong(there, "must be an object");
        }
      }
    });
  }

  void Input(const json& input, const std::string& at) {
    for (const char* key : {"description", "value", "default", "placeholder"})
      Text(input, at, key, Need::kOptional);
    Word(input, at, "format", Need::kOptional, {"string", "number", "boolean", "filepath"});
    Flag(input, at, "isRequired");
    Flag(input, at, "isSecret");
    Elements(input, at, "choices",
             [&](const json& choice, const std::string& here) { CheckText(choice, here, {}, ""); });
  }

  const std::size_t at_most_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> CheckServerJson(const json& document, std::size_t at_most) {
  return Check(at_most).Run(document);
}

base::Result<json> ReadServerJson(std::string_view text) {
  base::JsonLimits limits;
  limits.max_bytes = kMaxDocumentBytes;
  auto document = base::ParseJson(text, limits);
  if (document.has_error()) return document.error();
  std::string reasons;
  for (const std::string& problem : CheckServerJson(*document))
    reasons += (reasons.empty() ? "" : "; ") + problem;
  if (!reasons.empty()) return base::Fail(base::Code::kInvalidArgument, std::move(reasons));
  return document;
}

std::string CutTo(std::string_view text, std::size_t characters) {
  if (Characters(text) <= characters) return std::string(text);
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    bool starts = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (starts && count++ == characters - 1) break;
  }
  std::string_view cut = text.substr(0, end);
  std::size_t space = cut.rfind(' ');
  if (space != std::string_view::npos && space * 4 > cut.size() * 3) cut = cut.substr(0, space);
  return std::string(cut) + "…";
}

}  // namespace registry::import
