<?php
// What a shop's program answers: the path behind its name says what.
$path = $_SERVER['PATH_INFO'] ?? '';
switch ($path) {
    case '/orders':
        header('Content-Type: application/json');
        http_response_code($_SERVER['REQUEST_METHOD'] === 'POST' ? 201 : 200);
        echo json_encode(['order' => 42, 'access_token' => 'k-123', 'got' => strlen(file_get_contents('php://input'))]);
        break;
    case '/login':
        setcookie('sid', '0123456789abcdef');
        header('Location: /home');
        break;
    case '/broken':
        error_log('the stock is out of reach');
        http_response_code(500);
        header('Content-Type: text/plain');
        echo "it broke\n";
        break;
    case '/long':
        header('Content-Type: text/plain');
        echo str_repeat("0123456789abcde\n", 5120);
        break;
    case '/early':
        header('Content-Type: text/plain');
        echo 'what was sent is not read';
        break;
    default:
        http_response_code(404);
        header('Content-Type: text/html; charset=UTF-8');
        echo '<html><body>nothing here</body></html>';
}
