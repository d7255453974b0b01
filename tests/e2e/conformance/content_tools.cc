#include "mcp/error.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/server/content.h"
#include "tests/e2e/conformance/fixtures.h"

namespace conformance {

using base::Result;
using base::Task;
using mcp::ServedCall;
using mcp::Tool;
using mcp::ToolResult;

const std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg"
    "==";
const std::string_view kWav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

mcp::Tool MakeTool(std::string name, std::string description) {
  Tool tool;
  tool.name = std::move(name);
  tool.description = std::move(description);
  return tool;
}

std::string SchemaOf(std::string_view name, std::string_view type) {
  const std::string quoted = mcp::Quote(name);
  return R"({"type":"object","properties":{)" + quoted + R"(:{"type":)" + mcp::Quote(type) +
         R"(}},"required":[)" + quoted + "]}";
}

std::string TextArgument(const ServedCall& call, std::string_view name) {
  return mcp::DecodeString(mcp::Member(call.raw_arguments(), name));
}

namespace {

// A tool that always answers the same.
Tool Fixed(std::string name, std::string description, ToolResult result) {
  Tool tool = MakeTool(std::move(name), std::move(description));
  tool.run = [result = std::move(result)](ServedCall&) -> Task<Result<ToolResult>> {
    co_return result;
  };
  return tool;
}

Task<Result<ToolResult>> Greet(ServedCall& call) {
  co_return ToolResult::Text("Hello, " + TextArgument(call, "name") + "!");
}

Task<Result<ToolResult>> EchoHeader(ServedCall& call) {
  co_return ToolResult::Text("region: " + TextArgument(call, "region"));
}

Task<Result<ToolResult>> EchoArguments(ServedCall& call) {
  co_return ToolResult::Text(std::string(call.raw_arguments()));
}

constexpr std::string_view kRichSchema =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
    R"("$defs":{"address":{"$anchor":"addressDef","type":"object",)"
    R"("properties":{"street":{"type":"string"},"city":{"type":"string"}}}},)"
    R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
    R"("contactMethod":{"type":"string","enum":["phone","email"]},)"
    R"("phone":{"type":"string"},"email":{"type":"string"}},)"
    R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
    R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
    R"("then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})";

}  // namespace

std::vector<Tool> ContentTools() {
  std::vector<Tool> tools;
  tools.push_back(Fixed("test_simple_text", "Answers with one text.",
                        ToolResult::Text("This is a simple text response for testing.")));
  tools.push_back(Fixed("test_image_content", "Answers with an image.",
                        ToolResult::Content({mcp::ImageContent(kPng, "image/png")})));
  tools.push_back(Fixed("test_audio_content", "Answers with a sound.",
                        ToolResult::Content({mcp::AudioContent(kWav, "audio/wav")})));
  tools.push_back(
      Fixed("test_embedded_resource", "Answers with a resource's text.",
            ToolResult::Content({mcp::EmbeddedText("test://embedded-resource", "text/plain",
                                                   "This is an embedded resource content.")})));
  tools.push_back(Fixed(
      "test_multiple_content_types", "Answers with a text, an image and a resource.",
      ToolResult::Content({mcp::TextContent("Multiple content types test:"),
                           mcp::ImageContent(kPng, "image/png"),
                           mcp::EmbeddedText("test://mixed-content-resource", "application/json",
                                             R"({"test":"data","value":123})")})));
  tools.push_back(Fixed("test_error_handling", "Always fails.",
                        ToolResult::Error("This tool intentionally returns an error for testing")));

  Tool greet = MakeTool("greet", "Greets by name.");
  greet.input_schema = SchemaOf("name", "string");
  greet.run = Greet;
  tools.push_back(std::move(greet));

  Tool header = MakeTool("test_x_mcp_header", "Takes an argument that is repeated in a header.");
  header.input_schema =
      R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}},"required":["region"]})";
  header.run = EchoHeader;
  tools.push_back(std::move(header));

  Tool rich = MakeTool("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features.");
  rich.input_schema = kRichSchema;
  rich.run = EchoArguments;
  tools.push_back(std::move(rich));
  return tools;
}

}  // namespace conformance
