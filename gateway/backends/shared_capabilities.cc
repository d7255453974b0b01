#include "gateway/backends/shared_capabilities.h"

#include <array>
#include <cstddef>

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024;

// What may be asked, and the forms of it that a server looks for.
struct Asked {
  std::string_view name;
  std::array<std::string_view, 2> forms;
};
constexpr std::array<Asked, 3> kAsked = {{
    {"elicitation", {"form", "url"}},
    {"roots", {}},
    {"sampling", {"context", "tools"}},
}};

void Append(std::string& object, std::string_view name, std::string_view raw_value) {
  object += object.empty() ? "{" : ",";
  object += mcp::Quote(name) + ":";
  object += raw_value;
}

std::string Closed(std::string object) { return object.empty() ? "{}" : object + "}"; }

}  // namespace

std::string SharedCapabilities(std::string_view raw_capabilities) {
  if (!mcp::IsObject(raw_capabilities) || raw_capabilities.size() > kMaxBytes) return {};
  std::string all;
  for (const Asked& asked : kAsked) {
    const std::string_view given = mcp::Member(raw_capabilities, asked.name);
    if (!mcp::IsObject(given)) continue;
    std::string forms;
    for (const std::string_view form : asked.forms) {
      if (!form.empty() && mcp::IsObject(mcp::Member(given, form))) Append(forms, form, "{}");
    }
    Append(all, asked.name, Closed(std::move(forms)));
  }
  const std::string_view extensions = mcp::Member(raw_capabilities, "extensions");
  if (mcp::IsObject(extensions)) Append(all, "extensions", extensions);
  return all.empty() ? all : Closed(std::move(all));
}

}  // namespace gateway
