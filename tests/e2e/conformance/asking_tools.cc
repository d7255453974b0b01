#include "mcp/raw_json.h"
#include "tests/e2e/conformance/fixtures.h"

namespace conformance {
namespace {

using base::Result;
using base::Task;
using mcp::Answers;
using mcp::Elicit;
using mcp::ListRoots;
using mcp::Member;
using mcp::Question;
using mcp::Sample;
using mcp::ServedCall;
using mcp::Tool;
using mcp::ToolResult;

constexpr std::string_view kNameForm =
    R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})";
constexpr std::string_view kColorForm =
    R"({"type":"object","properties":{"color":{"type":"string"}},"required":["color"]})";
constexpr std::string_view kOkForm =
    R"({"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]})";
constexpr std::string_view kUserForm =
    R"({"type":"object","properties":{"username":{"type":"string","description":"User's response"},)"
    R"("email":{"type":"string","description":"User's email address"}},"required":["username","email"]})";
// SEP-1034: a default for every primitive type.
constexpr std::string_view kDefaultsForm =
    R"({"type":"object","properties":{"name":{"type":"string","description":"User name","default":"John Doe"},)"
    R"("age":{"type":"integer","description":"User age","default":30},)"
    R"("score":{"type":"number","description":"User score","default":95.5},)"
    R"("status":{"type":"string","description":"User status","enum":["active","inactive","pending"],"default":"active"},)"
    R"("verified":{"type":"boolean","description":"Verification status","default":true}},"required":[]})";
// SEP-1330: the five ways to let somebody choose.
constexpr std::string_view kEnumsForm =
    R"({"type":"object","properties":{)"
    R"("untitledSingle":{"type":"string","enum":["option1","option2","option3"]},)"
    R"("titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},)"
    R"({"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},)"
    R"("legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},)"
    R"("untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},)"
    R"("titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},)"
    R"({"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}},"required":[]})";

// `accept`, and what was filled in.
std::string ActionOf(std::string_view answer) {
  return mcp::DecodeString(Member(answer, "action"));
}
std::string FieldOf(std::string_view answer, std::string_view field) {
  return mcp::DecodeString(Member(Member(answer, "content"), field));
}
std::string ContentOf(std::string_view answer) {
  const std::string_view content = Member(answer, "content");
  return content.empty() ? "{}" : std::string(content);
}
std::string SampledText(std::string_view answer) {
  return mcp::DecodeString(Member(Member(answer, "content"), "text"));
}

Task<Result<ToolResult>> AskModel(ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Sample("response", TextArgument(call, "prompt"), 100));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text("LLM response: " + SampledText(*answer));
}

Task<Result<ToolResult>> AskUser(ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Elicit("response", TextArgument(call, "message"), kUserForm));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text("User response: action=" + ActionOf(*answer) +
                             ", content=" + ContentOf(*answer));
}

// Asks with one form and tells what came.
Tool Form(std::string name, std::string message, std::string_view form) {
  Tool tool = MakeTool(std::move(name), "Asks the user by a form.");
  tool.run = [message = std::move(message), form](ServedCall& call) -> Task<Result<ToolResult>> {
    const Result<std::string> answer = co_await call.Ask(Elicit("response", message, form));
    if (!answer) co_return answer.error();
    co_return ToolResult::Text("Elicitation completed: action=" + ActionOf(*answer) +
                               ", content=" + ContentOf(*answer));
  };
  return tool;
}

Task<Result<ToolResult>> AskName(ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Elicit("user_name", "What is your name?", kNameForm));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text("Hello, " + FieldOf(*answer, "name") + "!");
}

Task<Result<ToolResult>> AskCapital(ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Sample("capital_question", "What is the capital of France?", 100));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text(SampledText(*answer));
}

Task<Result<ToolResult>> AskRoots(ServedCall& call) {
  const Result<std::string> answer = co_await call.Ask(ListRoots("client_roots"));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text("Roots: " + std::string(Member(*answer, "roots")));
}

Task<Result<ToolResult>> Confirm(ServedCall& call) {
  const Result<std::string> answer =
      co_await call.Ask(Elicit("confirm", "Please confirm", kOkForm));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text("state-ok");
}

Task<Result<ToolResult>> AskThree(ServedCall& call) {
  std::vector<Question> questions = {Elicit("user_name", "What is your name?", kNameForm),
                                     Sample("greeting", "Generate a greeting", 50),
                                     ListRoots("client_roots")};
  const Result<Answers> answers = co_await call.AskAll(std::move(questions));
  if (!answers) co_return answers.error();
  co_return ToolResult::Text(
      SampledText(answers->at("greeting")) + " " + FieldOf(answers->at("user_name"), "name") +
      ", roots: " + std::string(Member(answers->at("client_roots"), "roots")));
}

Task<Result<ToolResult>> AskTwice(ServedCall& call) {
  const Result<std::string> name =
      co_await call.Ask(Elicit("step1", "Step 1: What is your name?", kNameForm));
  if (!name) co_return name.error();
  const Result<std::string> color =
      co_await call.Ask(Elicit("step2", "Step 2: What is your favorite color?", kColorForm));
  if (!color) co_return color.error();
  co_return ToolResult::Text(FieldOf(*name, "name") + " likes " + FieldOf(*color, "color") + ".");
}

// Asks whatever the caller can be asked.
Task<Result<ToolResult>> AskWhatCanBeAsked(ServedCall& call) {
  std::vector<Question> questions;
  if (call.Declared("sampling")) questions.push_back(Sample("model", "Say hello", 50));
  if (call.Declared("elicitation"))
    questions.push_back(Elicit("user", "What is your name?", kNameForm));
  if (call.Declared("roots")) questions.push_back(ListRoots("roots"));
  const Result<Answers> answers = co_await call.AskAll(std::move(questions));
  if (!answers) co_return answers.error();
  co_return ToolResult::Text(std::to_string(answers->size()) + " questions were answered.");
}

// Needs the caller's model.
Task<Result<ToolResult>> NeedSampling(ServedCall& call) {
  const Result<std::string> answer = co_await call.Ask(Sample("model", "Say hello", 50));
  if (!answer) co_return answer.error();
  co_return ToolResult::Text(SampledText(*answer));
}

using Function = Task<Result<ToolResult>> (*)(ServedCall&);

Tool Make(std::string name, std::string description, Function function) {
  Tool tool = MakeTool(std::move(name), std::move(description));
  tool.run = function;
  return tool;
}

}  // namespace

std::vector<Tool> AskingTools() {
  std::vector<Tool> tools;
  tools.push_back(Make("test_sampling", "Asks the caller's model.", AskModel));
  tools.back().input_schema = SchemaOf("prompt", "string");
  tools.push_back(Make("test_elicitation", "Asks the caller's user.", AskUser));
  tools.back().input_schema = SchemaOf("message", "string");
  tools.push_back(Form("test_elicitation_sep1034_defaults",
                       "Please review and update the form fields with defaults", kDefaultsForm));
  tools.push_back(
      Form("test_elicitation_sep1330_enums", "Please select options from the lists", kEnumsForm));
  tools.push_back(Form("test_streaming_elicitation", "Please confirm", kOkForm));
  tools.push_back(Make("test_missing_capability", "Needs sampling.", NeedSampling));
  const std::string prefix = "test_input_required_result_";
  tools.push_back(Make(prefix + "elicitation", "Asks for a name.", AskName));
  tools.push_back(Make(prefix + "sampling", "Asks the model for a capital.", AskCapital));
  tools.push_back(Make(prefix + "list_roots", "Asks for the roots.", AskRoots));
  tools.push_back(Make(prefix + "request_state", "Asks to confirm, with a state.", Confirm));
  tools.push_back(Make(prefix + "multiple_inputs", "Asks three things at once.", AskThree));
  tools.push_back(Make(prefix + "multi_round", "Asks one thing after the other.", AskTwice));
  tools.push_back(
      Make(prefix + "tampered_state", "Asks to confirm, and guards its state.", Confirm));
  tools.push_back(
      Make(prefix + "capabilities", "Asks what the caller can be asked.", AskWhatCanBeAsked));
  return tools;
}

}  // namespace conformance
