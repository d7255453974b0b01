#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/server/content.h"
#include "tests/e2e/conformance/fixtures.h"

namespace conformance {
namespace {

using base::Result;
using base::Task;
using mcp::Prompt;
using mcp::PromptMessage;
using mcp::ResourceContents;
using mcp::ServedCall;
using Messages = std::vector<PromptMessage>;

// Values that begin with what was typed.
std::vector<std::string> Beginning(const mcp::Call&, std::string_view typed) {
  std::vector<std::string> out;
  for (const std::string_view city : {"paris", "park", "party", "porto"})
    if (city.starts_with(typed)) out.emplace_back(city);
  return out;
}

Prompt Make(std::string name, std::string description) {
  Prompt prompt;
  prompt.name = std::move(name);
  prompt.description = std::move(description);
  return prompt;
}

PromptMessage User(std::string content) { return {"user", std::move(content)}; }

Task<Result<Messages>> Simple(ServedCall&) {
  Messages out = {User(mcp::TextContent("This is a simple prompt for testing."))};
  co_return out;
}

Task<Result<Messages>> WithArguments(ServedCall& call) {
  const std::string text = "Prompt with arguments: arg1='" + TextArgument(call, "arg1") +
                           "', arg2='" + TextArgument(call, "arg2") + "'";
  Messages out = {User(mcp::TextContent(text))};
  co_return out;
}

Task<Result<Messages>> WithResource(ServedCall& call) {
  const std::string uri = TextArgument(call, "resourceUri");
  Messages out = {
      User(mcp::EmbeddedText(uri, "text/plain", "Embedded resource content for testing.")),
      User(mcp::TextContent("Please process the embedded resource above."))};
  co_return out;
}

Task<Result<Messages>> WithImage(ServedCall&) {
  Messages out = {User(mcp::ImageContent(kPng, "image/png")),
                  User(mcp::TextContent("Please analyze the image above."))};
  co_return out;
}

Task<Result<Messages>> WithContext(ServedCall& call) {
  constexpr std::string_view kForm =
      R"({"type":"object","properties":{"context":{"type":"string"}},"required":["context"]})";
  const Result<std::string> answer =
      co_await call.Ask(mcp::Elicit("user_context", "What context should the prompt use?", kForm));
  if (!answer) co_return answer.error();
  const std::string context =
      mcp::DecodeString(mcp::Member(mcp::Member(*answer, "content"), "context"));
  Messages out = {User(mcp::TextContent("Use this context: " + context))};
  co_return out;
}

Task<Result<ResourceContents>> ReadText(ServedCall&) {
  co_return ResourceContents::Text("text/plain",
                                   "This is the content of the static text resource.");
}

Task<Result<ResourceContents>> ReadPicture(ServedCall&) {
  co_return ResourceContents::Blob("image/png", std::string(kPng));
}

Task<Result<ResourceContents>> ReadWatched(ServedCall&) {
  co_return ResourceContents::Text("text/plain", "Touch me with test_touch_resource.");
}

Task<Result<ResourceContents>> ReadById(ServedCall&, const mcp::UriTemplate::Variables& variables) {
  const std::string& id = variables.at("id");
  mcp::ObjectWriter out;
  out.Text("id", id).Raw("templateTest", "true").Text("data", "Data for ID: " + id);
  co_return ResourceContents::Text("application/json", std::move(out).Take());
}

}  // namespace

std::vector<Prompt> Prompts() {
  std::vector<Prompt> prompts;
  prompts.push_back(Make("test_simple_prompt", "A prompt without arguments."));
  prompts.back().fill = Simple;
  prompts.push_back(Make("test_prompt_with_arguments", "A prompt with two arguments."));
  prompts.back().arguments = {{"arg1", "First test argument", true, Beginning},
                              {"arg2", "Second test argument", true, {}}};
  prompts.back().fill = WithArguments;
  prompts.push_back(Make("test_prompt_with_embedded_resource", "A prompt with a resource in it."));
  prompts.back().arguments = {{"resourceUri", "URI of the resource to embed", true, {}}};
  prompts.back().fill = WithResource;
  prompts.push_back(Make("test_prompt_with_image", "A prompt with an image in it."));
  prompts.back().fill = WithImage;
  prompts.push_back(Make("test_input_required_result_prompt", "A prompt that asks first."));
  prompts.back().fill = WithContext;
  return prompts;
}

std::vector<mcp::Resource> Resources() {
  return {{"test://static-text", "static-text", "", "A text that never changes.", "text/plain",
           ReadText},
          {"test://static-binary", "static-binary", "", "A picture that never changes.",
           "image/png", ReadPicture},
          {"test://watched-resource", "watched-resource", "", "A text one can subscribe to.",
           "text/plain", ReadWatched}};
}

std::vector<mcp::ResourceTemplate> ResourceTemplates() {
  const auto by_id = [](const mcp::Call&, std::string_view, std::string_view typed) {
    std::vector<std::string> out;
    for (const std::string_view id : {"123", "456"})
      if (id.starts_with(typed)) out.emplace_back(id);
    return out;
  };
  return {{*mcp::UriTemplate::Parse("test://template/{id}/data"),
           "template",
           "",
           "Data by its id.",
           "application/json",
           ReadById,
           by_id,
           {}}};
}

}  // namespace conformance
