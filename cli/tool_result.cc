#include "cli/tool_result.h"

#include <ostream>

#include "base/json.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

std::string StringOf(const ordered_json& tree, const char* key) {
  auto found = tree.is_object() ? tree.find(key) : tree.end();
  return found != tree.end() && found->is_string() ? found->get<std::string>() : "";
}

ordered_json ErrorOf(const ToolAnswer& answer) {
  ordered_json tree = ordered_json::parse(answer.message, nullptr, false);
  return tree.is_object() && tree.contains("error") ? tree["error"] : ordered_json();
}

int CodeOf(const ordered_json& error) {
  return error.is_object() && error.contains("code") && error["code"].is_number_integer()
             ? error["code"].get<int>()
             : 0;
}

Exit ExitForError(int code, bool tool_is_known) {
  // Unknown and hidden tools are refused alike.
  if (code == -32602 && !tool_is_known) return Exit::kNotFound;
  return ExitForRpcError(code);
}

// An answer that is no JSON-RPC message, by its status.
Exit ExitForStatus(int status) {
  if (status == 401 || status == 403 || status == 429) return Exit::kDenied;
  if (status == 404 || status == 410) return Exit::kNotFound;
  return Exit::kUnreachable;
}

Failure FailureOf(const ToolAnswer& answer, const std::string& tool, bool tool_is_known) {
  ordered_json error = ErrorOf(answer);
  if (!error.is_object()) {
    return {ExitForStatus(answer.http_status), "gateway",
            "HTTP " + std::to_string(answer.http_status) + ": " + FirstLine(answer.excerpt), ""};
  }
  int code = CodeOf(error);
  Failure failure{ExitForError(code, tool_is_known), "call", StringOf(error, "message"), ""};
  ordered_json data = error.contains("data") ? error["data"] : ordered_json();
  std::string reason = StringOf(data, "reason");
  if (failure.exit == Exit::kDenied) failure.stage = "denied";
  if (failure.exit == Exit::kHeld) failure.stage = "held";
  if (failure.exit == Exit::kToolError) failure.stage = "server";
  if (failure.message.empty()) failure.message = "error " + std::to_string(code);
  std::string rule = StringOf(data, "rule");
  if (!rule.empty()) failure.next = "rule " + rule;
  if (code == -31401) failure.next = "say who calls:  --key KEY   (portolan key create NAME)";
  if (failure.exit == Exit::kNotFound) failure.next = "see what there is:  portolan search " + tool;
  return failure;
}

void SayTimes(Printer& printer, const ToolAnswer& answer) {
  std::string line = "  " + Duration(static_cast<double>(answer.took.count()) / 1000);
  if (!answer.request_id.empty()) line += "   request " + answer.request_id;
  printer.Say(line);
}

}  // namespace

AnswerSummary Summarise(const ToolAnswer& answer, bool tool_is_known) {
  ordered_json tree = ordered_json::parse(answer.message, nullptr, false);
  if (!tree.is_object())
    return {ExitForStatus(answer.http_status), "HTTP " + std::to_string(answer.http_status)};
  if (tree.contains("error")) {
    const ordered_json& error = tree["error"];
    int code = CodeOf(error);
    std::string reason =
        error.is_object() && error.contains("data") ? StringOf(error["data"], "reason") : "";
    return {ExitForError(code, tool_is_known),
            reason.empty() ? "error " + std::to_string(code) : reason};
  }
  if (tree.contains("result") && tree["result"].is_object() &&
      tree["result"].value("isError", false)) {
    return {Exit::kToolError, "isError"};
  }
  return {Exit::kOk, "ok"};
}

std::string ContentText(const ordered_json& result) {
  std::string text;
  auto content = result.find("content");
  if (content == result.end() || !content->is_array()) return "";
  for (const ordered_json& item : *content) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    std::string type = StringOf(item, "type");
    if (type == "text") {
      text += StringOf(item, "text");
    } else if (type == "resource_link") {
      text += StringOf(item, "uri");
    } else if (type == "resource" && item.contains("resource")) {
      std::string inner = StringOf(item["resource"], "text");
      text += inner.empty() ? "[resource " + StringOf(item["resource"], "uri") + "]" : inner;
    } else {
      std::string kind = StringOf(item, "mimeType");
      std::size_t bytes = StringOf(item, "data").size() / 4 * 3;
      text += "[" + type + (kind.empty() ? "" : " " + kind) + ", " +
              WithCommas(static_cast<std::int64_t>(bytes)) + " bytes]";
    }
  }
  return text;
}

Exit PrintAnswer(Printer& printer, const ToolAnswer& answer, const std::string& tool,
                 bool tool_is_known) {
  AnswerSummary summary = Summarise(answer, tool_is_known);
  ordered_json tree = ordered_json::parse(answer.message, nullptr, false);
  if (!tree.is_object() || !tree.contains("result") || !tree["result"].is_object()) {
    // A program that asked for JSON gets the error as JSON too.
    if (printer.format() == Format::kJson && tree.is_object()) printer.One(tree, "", [] {});
    Exit exit = printer.Fail(FailureOf(answer, tool, tool_is_known));
    SayTimes(printer, answer);
    return exit;
  }
  const ordered_json& result = tree["result"];
  bool structured = result.contains("structuredContent") && !result["structuredContent"].is_null();
  std::string text = ContentText(result);
  if (printer.format() == Format::kTable || printer.format() == Format::kName) {
    if (text.empty() && structured) text = result["structuredContent"].dump(2);
    printer.out() << text << (text.empty() || text.ends_with('\n') ? "" : "\n") << std::flush;
  } else {
    printer.One(structured ? result["structuredContent"] : result, "", [] {});
  }
  SayTimes(printer, answer);
  return summary.exit;
}

}  // namespace cli
