<?php
// The database comes from the container's environment, or from the file that NAME_FILE names.
function bed_setting($name, $default)
{
    $file = getenv($name . '_FILE');
    if ($file !== false && $file !== '') {
        return rtrim(file_get_contents($file), "\r\n");
    }
    $value = getenv($name);
    return $value === false ? $default : $value;
}

define('DB_NAME', bed_setting('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_USER', bed_setting('WORDPRESS_DB_USER', 'wordpress'));
define('DB_PASSWORD', bed_setting('WORDPRESS_DB_PASSWORD', ''));
define('DB_HOST', bed_setting('WORDPRESS_DB_HOST', 'mysql'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
// keys

$table_prefix = bed_setting('WORDPRESS_TABLE_PREFIX', 'wp_');
define('WP_DEBUG', bed_setting('WORDPRESS_DEBUG', '') !== '');
// A stand-in for tests asks nobody outside for updates.
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
