## A character that remembers, for Godot 4: add it as a node, `await say(words)`, and
## keep `save` with the game's own. It needs HTTP and nothing else.
##
##     var ada: Gosling = $Ada
##     print(await ada.say("My name is Dave."))
##     ada.store("user://ada.save")
class_name Gosling
extends Node

## Something went wrong; `code` is the server's stable name of it.
signal failed(code: String, message: String)

## Where the server is.
@export var server := "http://127.0.0.1:8000"
## The API key, where the server asks for one.
@export var key := ""
@export var max_tokens := 200
@export_range(0.0, 2.0) var temperature := 1.0
@export_range(0.0, 1.0) var top_p := 0.3

## What the character remembers: 0.65 MB for a 0.1B model, after any number of turns.
var save := ""
## Saves before the last turns, so that they can be taken back.
var _before: Array[String] = []


## Says something, and gives the answer; empty where it failed.
func say(words: String) -> String:
	var asked := {
		"messages": [{"role": "user", "content": words}],
		"max_tokens": max_tokens,
		"temperature": temperature,
		"top_p": top_p,
	}
	if save != "":
		asked["state"] = save
	var answer := await _post("/v1/generate", asked)
	if not answer.has("state"):
		return ""
	_before.append(save)
	save = answer["state"]
	return str(answer["text"]).strip_edges()


## Takes the last turn back; false if there is none.
func undo() -> bool:
	if _before.is_empty():
		return false
	save = _before.pop_back()
	return true


## Writes what the character remembers to a file.
func store(path: String) -> Error:
	var file := FileAccess.open(path, FileAccess.WRITE)
	if file == null:
		return FileAccess.get_open_error()
	file.store_string(save)
	return OK


## Reads what store() wrote.
func restore(path: String) -> Error:
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		return FileAccess.get_open_error()
	save = file.get_as_text()
	_before.clear()
	return OK


func _post(path: String, asked: Dictionary) -> Dictionary:
	var http := HTTPRequest.new()
	add_child(http)
	var headers := PackedStringArray(["Content-Type: application/json"])
	if key != "":
		headers.append("Authorization: Bearer " + key)
	var body := JSON.stringify(asked)
	var error := http.request(server + path, headers, HTTPClient.METHOD_POST, body)
	if error != OK:
		http.queue_free()
		failed.emit("ERR_UNREACHABLE", error_string(error))
		return {}
	# What request_completed gives: its result, the status, headers, and the body.
	var result: Array = await http.request_completed
	http.queue_free()
	if result[0] != HTTPRequest.RESULT_SUCCESS:
		failed.emit("ERR_UNREACHABLE", "There is no server at " + server)
		return {}
	var answer: Variant = JSON.parse_string(result[3].get_string_from_utf8())
	if result[1] != 200 or not answer is Dictionary:
		var problem: Dictionary = answer if answer is Dictionary else {}
		failed.emit(problem.get("code", "ERR_UNKNOWN"), problem.get("detail", ""))
		return {}
	return answer
