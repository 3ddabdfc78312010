// A character that remembers, for Unity (2021 or newer) and any other .NET: it needs
// HTTP and nothing else.
//
//     var ada = new Gosling("http://127.0.0.1:8000");
//     Debug.Log(await ada.Say("My name is Dave."));
//     File.WriteAllText(path, ada.Save);      // later: ada.Save = File.ReadAllText(path)

using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

/// <summary>What the server said instead of answering.</summary>
public sealed class GoslingException : Exception
{
    /// <summary>The stable name of the failure, such as ERR_TOO_BUSY.</summary>
    public string Code { get; }

    public GoslingException(string code, string message) : base(message)
    {
        Code = code;
    }
}

/// <summary>A character, and what it remembers.</summary>
public sealed class Gosling
{
    // One for the whole game: each has connections of its own.
    static readonly HttpClient Http = new HttpClient();

    readonly string server;
    readonly string key;
    readonly Stack<string> before = new Stack<string>();

    /// <summary>
    /// What the character remembers: 0.65 MB for a 0.1B model, after any number of
    /// turns. Null where it knows nothing yet.
    /// </summary>
    public string Save { get; set; }

    public int MaxTokens { get; set; } = 200;
    public double Temperature { get; set; } = 1;
    public double TopP { get; set; } = 0.3;

    public Gosling(string server, string key = null)
    {
        this.server = server.TrimEnd('/');
        this.key = key;
    }

    /// <summary>Says something, and gives the answer.</summary>
    /// <exception cref="GoslingException">The server refuses.</exception>
    /// <exception cref="HttpRequestException">There is no server.</exception>
    public async Task<string> Say(string words, CancellationToken cancel = default(CancellationToken))
    {
        var asked = new Request
        {
            Messages = new[] { new Message { Role = "user", Content = words } },
            MaxTokens = MaxTokens,
            Temperature = Temperature,
            TopP = TopP,
            State = Save,
        };
        using (var request = new HttpRequestMessage(HttpMethod.Post, server + "/v1/generate"))
        {
            request.Content = new StringContent(Json.Write(asked), Encoding.UTF8, "application/json");
            if (key != null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }
            using (var response = await Http.SendAsync(request, cancel))
            {
                var text = await response.Content.ReadAsStringAsync();
                if (!response.IsSuccessStatusCode)
                {
                    var problem = Json.Read<Problem>(text);
                    throw new GoslingException(problem.Code, problem.Detail ?? problem.Title);
                }
                var answer = Json.Read<Answer>(text);
                before.Push(Save);
                Save = answer.State;
                return answer.Text.Trim();
            }
        }
    }

    /// <summary>Takes the last turn back; false if there is none.</summary>
    public bool Undo()
    {
        if (before.Count == 0) return false;
        Save = before.Pop();
        return true;
    }

    [DataContract]
    sealed class Request
    {
        [DataMember(Name = "messages")] public Message[] Messages;
        [DataMember(Name = "max_tokens")] public int MaxTokens;
        [DataMember(Name = "temperature")] public double Temperature;
        [DataMember(Name = "top_p")] public double TopP;
        [DataMember(Name = "state", EmitDefaultValue = false)] public string State;
    }

    [DataContract]
    sealed class Message
    {
        [DataMember(Name = "role")] public string Role;
        [DataMember(Name = "content")] public string Content;
    }

    [DataContract]
    sealed class Answer
    {
        [DataMember(Name = "text")] public string Text;
        [DataMember(Name = "state")] public string State;
    }

    [DataContract]
    sealed class Problem
    {
        [DataMember(Name = "code")] public string Code;
        [DataMember(Name = "title")] public string Title;
        [DataMember(Name = "detail")] public string Detail;
    }

    static class Json
    {
        public static string Write<T>(T value)
        {
            using (var stream = new MemoryStream())
            {
                new DataContractJsonSerializer(typeof(T)).WriteObject(stream, value);
                return Encoding.UTF8.GetString(stream.ToArray());
            }
        }

        public static T Read<T>(string text)
        {
            using (var stream = new MemoryStream(Encoding.UTF8.GetBytes(text)))
            {
                return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(stream);
            }
        }
    }
}
